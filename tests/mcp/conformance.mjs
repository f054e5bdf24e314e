// The conformance suites of MCP against an endpoint. Each has a file of what is expected to fail: a
// failure that is not in it, and an entry that passes after all, are both faults.
//
//   node conformance.mjs URL [TOKEN [SUITE...]]     the suites by name; all of them
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startDoorman } from './doorman.mjs';
import { recentNode } from './node.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const SUITE_MS = 300000;

export const suites = [
  { name: 'suite-0.1.16', program: 'conformance-0.1', arguments: ['--suite', 'all'] },
  { name: 'suite-2025-11-25', program: '@modelcontextprotocol/conformance', arguments: ['--suite', 'all', '--spec-version', '2025-11-25'] },
  { name: 'suite-2026-07-28', program: '@modelcontextprotocol/conformance', arguments: ['--suite', 'all', '--spec-version', '2026-07-28'] },
  { name: 'requirements-2026-07-28', program: '@modelcontextprotocol/conformance', arguments: ['--requirements', '2026-07-28'] },
];

function run(program, args, folder) {
  return new Promise((resolve, reject) => {
    // What is in the environment about proxies is not for an endpoint on this machine.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/_proxy$/i.test(name)));
    const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: SUITE_MS });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { said += text; });
    child.on('error', reject);
    child.on('close', status => resolve({ status, said }));
  });
}

// What a suite says at its end, without colours; all of it, if it did not get there.
function summaryOf(said) {
  return said.replace(/\u001b\[\d*m/g, '').replace(/^[^]*(?==== SUMMARY ===)/, '');
}

// Runs one suite. passed, failed: checks; ok: all is as expected; said: what it printed at its end.
export async function runSuite(suite, url) {
  const node = recentNode();
  if (node === undefined) throw new Error('the conformance suites need Node 22');
  const folder = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
  try {
    const { status, said } = await run(node, [
      join(HERE, 'node_modules', suite.program, 'dist', 'index.js'), 'server', '--url', url, ...suite.arguments,
      '--expected-failures', join(HERE, 'expected', `${suite.name}.yml`), '-o', join(folder, 'results'),
    ], folder);
    const total = said.match(/^Total: (\d+) passed, (\d+) failed$/m);
    return { ok: status === 0 && total !== null, passed: Number(total?.[1] ?? 0), failed: Number(total?.[2] ?? 0), said: summaryOf(said) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(url, token, ...names) {
  const chosen = names.length === 0 ? suites : suites.filter(suite => names.includes(suite.name));
  const doorman = token ? await startDoorman(url, { Authorization: `Bearer ${token}` }) : undefined;
  const target = doorman ? doorman.url(new URL(url).pathname) : url;
  let faults = 0;
  for (const suite of chosen) {
    const { ok, passed, failed, said } = await runSuite(suite, target);
    if (!ok) console.log(said);
    console.log(`${suite.name} ... ${ok ? 'as expected' : 'NOT AS EXPECTED'}: ${passed} checks passed, ${failed} failed`);
    faults += !ok;
  }
  await doorman?.stop();
  process.exitCode = faults > 0 || chosen.length === 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.length < 3) {
    console.error('usage: node conformance.mjs URL [TOKEN [SUITE...]]');
    process.exitCode = 2;
  } else {
    await main(...process.argv.slice(2));
  }
}
