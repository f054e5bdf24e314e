// Draws the dashboard from metrics of the service that are recorded for it, and takes pictures of it in a browser:
//
//   node tests/prometheus/picture.mjs FOLDER [MINUTES]
//
// FOLDER gets dashboard.html, dashboard-light.png, dashboard-dark.png, and of the latter the first rows, small enough for
// docs/, as dashboard.png. It is not Grafana that draws.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { startChromium } from '../browser/chromium.mjs';
import { sleep, until } from '../contract/backstage.mjs';
import { live } from './dashboard/live.mjs';
import { page } from './dashboard/page.mjs';
import { startScene } from './scene.mjs';
import { DASHBOARD, startPrometheus } from './server.mjs';

const SCRAPE_SECONDS = 2;
const PAGE_WIDTH = 1500;
const ROWS_FOR_DOCS = 3;
const COLORS = 48;

// The dashboard as it is in packaging/, on a page of its own in the folder. Returns the page's file.
async function draw(folder, api, range) {
  const file = resolve(folder, 'dashboard.html');
  const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  writeFileSync(file, await page(dashboard, { api, range, width: PAGE_WIDTH, scrapeSeconds: SCRAPE_SECONDS }));
  return file;
}

function small(picture) {
  const { status, stdout, stderr, error } = spawnSync('pngquant', ['--nofs', '--speed', '1', String(COLORS), '-'],
    { input: picture, maxBuffer: 1 << 24 });
  assert.equal(status, 0, `pngquant: ${error ?? stderr}`);
  return stdout;
}

async function pictures(file, folder) {
  const chromium = await startChromium();
  try {
    for (const dark of [false, true]) {
      const tab = await chromium.tab({ width: PAGE_WIDTH + 32, dark });
      await tab.open(pathToFileURL(file).href);
      writeFileSync(join(folder, `dashboard-${dark ? 'dark' : 'light'}.png`), await tab.picture());
      if (!dark) continue;
      const height = await tab.evaluate(`document.querySelectorAll('.row')[${ROWS_FOR_DOCS}].getBoundingClientRect().top`);
      const { data } = await tab.ask('Page.captureScreenshot', { captureBeyondViewport: true,
        clip: { x: 0, y: 0, width: PAGE_WIDTH + 32, height, scale: 1 } });
      writeFileSync(join(folder, 'dashboard.png'), small(Buffer.from(data, 'base64')));
    }
  } finally {
    await chromium.stop();
  }
}

async function record(folder, minutes) {
  const scene = await startScene({ replicas: 2, latency: 20 });
  const prometheus = await startPrometheus(scene.scrapes, { seconds: SCRAPE_SECONDS });
  await scene.trouble();
  // What happened before it was scraped for the first time would be in no rate.
  const scraped = async () => (await prometheus.api('query?query=up')).result.length === scene.replicas.length;
  await until(scraped, 'all are scraped', 60000);
  await sleep(SCRAPE_SECONDS * 1000);
  const range = await live(scene, minutes);
  await pictures(await draw(folder, prometheus.api, range), folder);
  await prometheus.stop();
  await scene.stop();
}

const [folder, minutes = 6] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node tests/prometheus/picture.mjs FOLDER [MINUTES]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
await record(folder, Number(minutes));
