// HTTP, byte for byte: a request goes on as it was, an answer comes back as it was.
import http from 'node:http';

// A connection each: one that is kept may be closed from the other side just when it is used again.
const agent = new http.Agent({ maxSockets: 16 });

// Prism puts all it has to say into one header.
const MOST_HEADER_BYTES = 1 << 20;

export async function bytesOf(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

// headers: an object, or names and values in turn as they stood on the wire.
export function send(port, { method, target, headers, body }) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      host: '127.0.0.1', port, agent, method, path: target, headers,
      maxHeaderSize: MOST_HEADER_BYTES,
    }, async response => {
      try {
        resolve({ status: response.statusCode, headers: response.headers,
          rawHeaders: response.rawHeaders, body: await bytesOf(response) });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
    request.setTimeout(30000, () => request.destroy(new Error(`${method} ${target}: no answer`)));
    request.end(body);
  });
}
