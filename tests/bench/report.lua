-- For wrk: with a body in WRK_BODY it is posted, as JSON.
local body = os.getenv("WRK_BODY")
if body and body ~= "" then
   wrk.method = "POST"
   wrk.body = body
   wrk.headers["Content-Type"] = "application/json"
end

-- The run's figures on one line, "requests seconds p50_us p99_us failures". A failure is an
-- answer other than 2xx or 3xx, or a connection that broke.
function done(summary, latency, requests)
   local e = summary.errors
   io.write(string.format("figures %d %.6f %d %d %d\n", summary.requests, summary.duration / 1e6,
      latency:percentile(50), latency:percentile(99),
      e.connect + e.read + e.write + e.status + e.timeout))
end
