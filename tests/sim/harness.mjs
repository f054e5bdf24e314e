// Starts palette-sim and talks to it. PALETTE_SIM names the program.
import { spawn } from 'node:child_process';
import http from 'node:http';
import { createInterface } from 'node:readline';

const program = process.env.PALETTE_SIM ?? 'build/sim/palette-sim';

export async function start(...options) {
  const child = spawn(program, ['--die-with-parent', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const urls = [];
  for await (const line of createInterface({ input: child.stdout })) {
    urls.push(line.split(' ')[1]);
    if (urls.length === 2) break;
  }
  const stop = () => new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.kill('SIGTERM');
  });
  return { url: urls[0], control: urls[1], stop };
}

// A raw target (fetch would tidy it up) and full control over headers.
export function call(base, method, target, { headers = {}, body, key = 'sim-key', project } = {}) {
  const { hostname, port } = new URL(base);
  const all = { ...headers };
  if (key !== null) all.ApiKey = key;
  if (project) all.ProjectUid = project;
  const payload = body === undefined ? undefined
    : typeof body === 'string' ? body : JSON.stringify(body);
  if (payload !== undefined) {
    all['Content-Type'] ??= 'application/json';
    all['Content-Length'] = Buffer.byteLength(payload);
  }
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, method, path: target, headers: all, agent: false },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let json;
          try { json = JSON.parse(text); } catch { json = undefined; }
          resolve({ status: response.statusCode, headers: response.headers, text, json });
        });
      });
    request.on('error', reject);
    request.end(payload);
  });
}
