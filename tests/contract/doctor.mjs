// What the tests of `doctor` stand on: a Palette behind TLS, certificates of every sort, and the command itself.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');

// ---- certificates ----

function openssl(args, cwd) {
  const made = spawnSync('openssl', args, { encoding: 'utf8', cwd });
  assert.equal(made.status, 0, `openssl ${args[0]}: ${made.stderr ?? made.error}`);
}

const date = days => new Date(Date.now() + days * 86400000).toISOString().replace(/[-:T]/g, '').slice(0, 14) + 'Z';

// Signed by itself, for these names, good between these days from now: { key, cert, file }.
export function certificate(folder, name, { names = [name], from = -1, until = 365 } = {}) {
  const own = mkdtempSync(join(folder, 'ca-'));
  writeFileSync(join(own, 'index.txt'), '');
  writeFileSync(join(own, 'ca.cnf'), `
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = own
[own]
database = ${own}/index.txt
new_certs_dir = ${own}
serial = ${own}/serial
default_md = sha256
policy = any
[any]
commonName = supplied
[ext]
basicConstraints = critical,CA:true
subjectAltName = ${names.map(n => (/^[\d.]+$/.test(n) ? `IP:${n}` : `DNS:${n}`)).join(',')}
`);
  openssl(['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key.pem',
    '-out', 'csr.pem', '-subj', `/CN=${name}`, '-config', 'ca.cnf'], own);
  openssl(['ca', '-batch', '-selfsign', '-create_serial', '-config', 'ca.cnf', '-extensions', 'ext', '-keyfile', 'key.pem',
    '-in', 'csr.pem', '-out', 'cert.pem', '-startdate', date(from), '-enddate', date(until), '-notext'], own);
  const file = join(own, 'cert.pem');
  return { key: readFileSync(join(own, 'key.pem')), cert: readFileSync(file), file };
}

// ---- servers ----

const servers = new Set();

export async function listen(server) {
  server.listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  server.on('tlsClientError', () => {});
  server.unref();
  servers.add(server);
  return server.address().port;
}

export function closeAll() {
  for (const server of servers) {
    server.close();
    server.closeAllConnections?.();
  }
}

// TLS in front of a server that speaks http. front.date: what the answers' Date is to say; null: the truth.
export async function startFront(target, { key, cert }) {
  const front = { date: null };
  const port = await listen(https.createServer({ key, cert }, (request, response) => {
    const onward = http.request(target + request.url, { method: request.method, headers: request.headers }, answer => {
      const headers = { ...answer.headers };
      if (front.date) headers.date = front.date;
      response.writeHead(answer.statusCode, headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }));
  front.url = `https://localhost:${port}`;
  return front;
}

// A server that answers everything alike; give: (request, response).
export const startPlain = async give => `http://127.0.0.1:${await listen(http.createServer(give))}`;

// ---- the command ----

// Runs `doctor` with this configuration. secrets: what may stand nowhere in its output. Variables of proxies and of
// the doctor are not taken over. Resolves to { status, stdout, stderr, json }.
export async function doctor(config, { args = ['--json'], env = {}, secrets = [] } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
  const file = join(folder, 'app-config.yaml');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  const inherited = Object.fromEntries(Object.entries(process.env)
    .filter(([name]) => !/proxy$/i.test(name) && name !== 'SPECTROCLOUD_DOCTOR_TOKEN'));
  const child = spawn(BACKEND, ['doctor', ...args, '--config', file], { env: { ...inherited, ...env } });
  const result = { stdout: '', stderr: '' };
  child.stdout.on('data', chunk => { result.stdout += chunk; });
  child.stderr.on('data', chunk => { result.stderr += chunk; });
  const timer = setTimeout(() => child.kill('SIGKILL'), 150000);
  result.status = await new Promise((done, failed) => {
    child.on('close', (code, signal) => done(code ?? signal));
    child.on('error', failed);
  });
  clearTimeout(timer);
  rmSync(folder, { recursive: true, force: true });
  for (const secret of secrets)
    assert.ok(!result.stdout.includes(secret) && !result.stderr.includes(secret), `a secret is shown: ${secret}`);
  if (args.includes('--json') && result.stdout !== '') result.json = JSON.parse(result.stdout);
  return result;
}

export async function listChecks() {
  const child = spawnSync(BACKEND, ['doctor', '--list'], { encoding: 'utf8' });
  assert.equal(child.status, 0, child.stderr);
  return child.stdout.trimEnd().split('\n').map(line => line.split(' ')[0]);
}

// The one of that name, of the environment if it has one.
export const found = (result, name) => {
  const all = result.json.checks.filter(c => c.name === name);
  assert.equal(all.length, 1, `${name}: ${result.stdout}`);
  return all[0];
};
