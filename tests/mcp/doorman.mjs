// A proxy that adds headers to every request, for programs that cannot send an Authorization header
// of their own. All else passes as it is, the Host header too.
import http from 'node:http';

// What belongs to one connection and not to the message.
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

// [name, value, name, value...] as Node has raw headers, without those of one connection.
function passed(rawHeaders) {
  const kept = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!HOP_BY_HOP.has(rawHeaders[i].toLowerCase())) kept.push(rawHeaders[i], rawHeaders[i + 1]);
  }
  return kept;
}

function without(rawHeaders, names) {
  const taken = new Set(names.map(name => name.toLowerCase()));
  return rawHeaders.filter((_, i) => !taken.has(rawHeaders[i - (i % 2)].toLowerCase()));
}

// target: where requests go, with host and port. headers: what they get, instead of their own.
export async function startDoorman(target, headers) {
  const { hostname, port } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((asked, answer) => {
    const raw = [...without(passed(asked.rawHeaders), Object.keys(headers)), ...Object.entries(headers).flat()];
    // As the client framed its body; a chunked one is framed anew.
    if (asked.headers['transfer-encoding']) raw.push('Transfer-Encoding', 'chunked');
    const request = http.request({ hostname, port, agent, method: asked.method, path: asked.url, headers: raw, setHost: false });
    request.on('response', got => {
      answer.writeHead(got.statusCode, passed(got.rawHeaders));
      answer.flushHeaders();
      got.pipe(answer);
      got.on('error', () => answer.destroy());
    });
    request.on('error', () => { if (answer.headersSent) answer.destroy(); else answer.writeHead(502).end(); });
    // Who leaves ends the request behind the door as well.
    answer.on('close', () => { if (!answer.writableEnded) request.destroy(); });
    asked.pipe(request);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: path => new URL(path, `http://127.0.0.1:${server.address().port}`).href,
    stop: () => new Promise(resolve => {
      server.close(resolve);
      server.closeAllConnections();
      agent.destroy();
    }),
  };
}
