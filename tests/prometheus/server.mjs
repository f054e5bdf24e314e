// A Prometheus of its own, with a folder that goes with it.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { until } from '../contract/backstage.mjs';
import { freePort } from '../contract/harness.mjs';

export const PACKAGING = fileURLToPath(new URL('../../packaging/', import.meta.url));
export const RULES = join(PACKAGING, 'prometheus/spectrocloud-backend.rules.yaml');
export const DASHBOARD = join(PACKAGING, 'grafana/spectrocloud-backend.json');

export const promtool = (args, input) => spawnSync('promtool', args, { encoding: 'utf8', input });

export function assertGood({ status, stdout, stderr, error }) {
  assert.equal(status, 0, `${error ?? ''}${stdout}${stderr}`);
}

// It scrapes what the configurations say, every so many seconds, and evaluates our rules. With api(path), the data that its
// HTTP API answers, and stop().
export async function startPrometheus(scrapes, { seconds = 1 } = {}) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify({
    global: { scrape_interval: `${seconds}s`, evaluation_interval: `${seconds}s` },
    rule_files: [RULES],
    scrape_configs: scrapes,
  }));
  assertGood(promtool(['check', 'config', file]));
  const child = spawn('setpriv', ['--pdeathsig=KILL', 'prometheus', `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
  { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', part => { said += part; });
  const ended = new Promise(done => child.once('exit', done));
  const api = async path => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const body = await response.json();
    assert.equal(body.status, 'success', `${decodeURIComponent(path)}: ${JSON.stringify(body)}`);
    return body.data;
  };
  await until(async () => {
    assert.equal(child.exitCode, null, said);
    return fetch(`http://127.0.0.1:${port}/-/ready`).then(({ ok }) => ok, () => false);
  }, 'Prometheus is ready', 60000);
  return {
    api,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
