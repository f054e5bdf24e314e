// Clients of MCP, byte by byte: messages of both eras, over HTTP and over the pipes of a process.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { TOKEN } from './harness.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
export const ENDPOINT = '/api/spectrocloud/mcp';
export const MODERN = '2026-07-28';
const META = 'io.modelcontextprotocol/';

export const legacy = (id, method, params) => ({ jsonrpc: '2.0', id, method, ...(params && { params }) });

export const modern = (id, method, { _meta, ...params } = {}) => legacy(id, method, { ...params, _meta: {
  [`${META}protocolVersion`]: MODERN, [`${META}clientCapabilities`]: {}, ..._meta } });

export const notification = (method, params) => ({ jsonrpc: '2.0', method, ...(params && { params }) });

// The headers that repeat a message.
function headersOf(message) {
  if (message.params?._meta?.[`${META}protocolVersion`] === undefined) return {};
  return { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': message.method,
    ...(message.params.name && { 'Mcp-Name': message.params.name }) };
}

// The events of a stream so far: comments as strings, messages as objects.
export function eventsOf(text) {
  return text.split('\n\n').slice(0, -1).map(block => {
    if (block.startsWith(':')) return block;
    const [, data] = block.match(/^event: message\ndata: (.*)$/) ?? [];
    if (data === undefined) throw new Error(`no event: ${block}`);
    return JSON.parse(data);
  });
}

// Sends a message. Resolves with the answer once it is whole; request: to be left early.
export function send(service, message, { headers = {}, token = TOKEN, path = ENDPOINT, raw } = {}) {
  let request;
  const answered = new Promise((done, failed) => {
    request = http.request({ host: '127.0.0.1', port: service.port, method: 'POST', path, agent: false, headers: {
      accept: 'application/json, text/event-stream', 'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` }), ...(raw === undefined && headersOf(message)), ...headers,
    } }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', piece => { text += piece; });
      response.on('end', () => {
        let json;
        try { json = JSON.parse(text); } catch { json = undefined; }
        done({ status: response.statusCode, headers: response.headers, text, json });
      });
      response.on('error', failed);
    });
    request.on('error', failed);
    request.setTimeout(60000, () => request.destroy(new Error('no answer in 60 s')));
    for (const [name, value] of Object.entries(headers)) if (value === null) request.removeHeader(name);
    request.end(raw ?? JSON.stringify(message));
  });
  return Object.assign(answered, { request });
}

// A process that serves over its pipes.
export function startStdio(config, ...options) {
  const folder = mkdtempSync(join(tmpdir(), 'stdio-'));
  const file = join(folder, 'app-config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const child = spawn(BACKEND, ['mcp', '--config', file, ...options]);
  const lines = [];
  const waiting = [];
  let rest = '';
  let log = '';
  child.stdin.on('error', () => {});
  child.stderr.setEncoding('utf8').on('data', text => { log += text; });
  child.stdout.setEncoding('utf8').on('data', text => {
    rest += text;
    const whole = rest.split('\n');
    rest = whole.pop();
    lines.push(...whole.map(line => JSON.parse(line)));
    for (const look of waiting) look();
  });
  const ended = new Promise(done => child.on('close', (code, signal) => {
    rmSync(folder, { recursive: true, force: true });
    done(code ?? signal);
  }));
  return {
    child,
    lines,
    log: () => log,
    left: () => rest,
    write: text => child.stdin.write(text),
    say: message => child.stdin.write(`${JSON.stringify(message)}\n`),
    // The line that fits; it may have come already.
    line: fits => new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error(`no such line: ${JSON.stringify(lines)}\n${log}`)), 20000);
      const look = () => {
        const found = lines.find(fits);
        if (!found) return;
        clearTimeout(timer);
        waiting.splice(waiting.indexOf(look), 1);
        done(found);
      };
      waiting.push(look);
      look();
    }),
    ended: () => ended,
    // The exit status after the end of its input.
    async stop() {
      child.stdin.end();
      return ended;
    },
  };
}
