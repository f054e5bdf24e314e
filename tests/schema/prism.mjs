// Prism as a mock server of Palette: it says of each request what the Swagger file forbids in it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { send } from './wire.mjs';

const START_MS = 60000;

function program() {
  const description = createRequire(import.meta.url).resolve('@stoplight/prism-cli/package.json');
  return join(dirname(description), 'dist', 'index.js');
}

// Its command line runs on a thread of ours, so that it cannot outlive the tests.
export function startPrism(swagger) {
  const worker = new Worker(program(), {
    argv: ['mock', '-h', '127.0.0.1', '-p', '0', '--errors', swagger],
    stdout: true, stderr: true,
  });
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = why => {
      worker.terminate();
      reject(new Error(`Prism did not start: ${why}\n${said}`));
    };
    const timer = setTimeout(() => fail('too slow'), START_MS);
    const hear = chunk => {
      said += chunk;
      const port = said.match(/is listening on http:\/\/127\.0\.0\.1:(\d+)/)?.[1];
      if (!port) return;
      clearTimeout(timer);
      worker.stdout.off('data', hear).resume();
      worker.stderr.off('data', hear).resume();
      resolve({ judge: request => judge(Number(port), request), stop: () => worker.terminate() });
    };
    worker.stdout.on('data', hear);
    worker.stderr.on('data', hear);
    worker.on('error', fail);
    worker.on('exit', code => { clearTimeout(timer); fail(`it ended with ${code}`); });
  });
}

// What is wrong with a request, as texts; none: Palette's schema allows it. A mock answers with an
// example of its own, so that a status of 400 or above is always about the request.
async function judge(port, request) {
  const { status, headers, body } = await send(port, request);
  const violations = JSON.parse(headers['sl-violations'] ?? '[]');
  if (violations.length === 0 && status < 400) return [];
  return [`${status}: ${violations.map(v => v.message).join('; ') || body}`];
}
