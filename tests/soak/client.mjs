// Sends a request to the service and reads the answer as browsers do; or leaves before it is there.
import http from 'node:http';
import { gunzipSync } from 'node:zlib';

const SILENCE_MS = 60000;
// The service closes connections that nobody uses for 75 seconds: a request must not meet that.
const KEPT_MS = 30000;
export const agent = new http.Agent({ keepAlive: true, maxSockets: 64, timeout: KEPT_MS });

const parsed = text => { try { return JSON.parse(text); } catch { return undefined; } };

// leave: destroys the connection after so many milliseconds; slow: reads nothing for so long. Resolves with the
// answer and the times of both ends, or with { left: true }; never rejects: { broken } says what happened.
export function send(port, { method = 'GET', path, headers = {}, body, leave, slow, kept = true }) {
  return new Promise(resolve => {
    const from = Date.now();
    const done = answer => resolve({ ...answer, from, to: Date.now() });
    const options = { host: '127.0.0.1', port, method, path, headers, agent: kept && leave === undefined ? agent : false };
    let left = false;
    const request = http.request(options, response => {
      const parts = [];
      response.on('data', part => parts.push(part));
      response.on('end', () => {
        const bytes = Buffer.concat(parts);
        const zipped = response.headers['content-encoding'] === 'gzip';
        const text = (zipped && bytes.length > 0 ? gunzipSync(bytes) : bytes).toString();
        done({ status: response.statusCode, headers: response.headers, text, json: parsed(text), zipped });
      });
      response.on('error', error => done(left ? { left } : { broken: `in the answer: ${error.message}` }));
      if (slow !== undefined) {
        response.pause();
        setTimeout(() => response.resume(), slow);
      }
    });
    request.on('error', error => done(left ? { left } : { broken: error.message }));
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error('no answer')));
    if (leave !== undefined)
      setTimeout(() => {
        left = true;
        request.destroy();
        done({ left });
      }, leave);
    request.end(body);
  });
}
