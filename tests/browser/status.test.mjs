// The status page in a browser: light and dark, on a phone and on a desk; it complains of nothing, asks for nothing else,
// fits, can be read, and says what it says also to who does not see it. SCREENSHOTS names a folder for pictures.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { configuration, startService, startSimulator } from '../contract/harness.mjs';
import { startChromium } from './chromium.mjs';

const AWAY = { match: { pathPrefix: '/v1' }, fault: 'reset', bytes: 0 };
const NAMES = ['production', 'staging-eu-west-1-with-a-rather-long-name-that-has-no-space-in-it', '<script>alert(1)</script>'];
const FORMS = [
  { what: 'desk, light', width: 1440 }, { what: 'desk, dark', width: 1440, dark: true },
  { what: 'tablet', width: 800 },
  { what: 'phone, light', width: 360, height: 740 }, { what: 'phone, dark', width: 360, height: 740, dark: true },
];

let simulators;
let service;
let chromium;
let url;

before(async () => {
  simulators = await Promise.all(['41', '42', '43'].map(seed =>
    startSimulator('--seed', seed, '--projects', '3', '--clusters', '12')));
  const made = configuration(simulators, { telemetry: { listen: '127.0.0.1:0' },
    upstream: { attempts: 1, ratePercent: 100, circuitFailures: 5, circuitPause: '10m' } });
  made.spectrocloud.environments.forEach((environment, i) => { environment.name = NAMES[i]; });
  service = await startService(made);
  url = `http://127.0.0.1:${service.log().match(/ telemetry_port=(\d+)/)[1]}/status`;
  await makeSomethingHappen();
  chromium = await startChromium();
});

after(async () => {
  await chromium?.stop();
  assert.equal(await service.stop(), 0, service.log());
  await Promise.all(simulators.map(simulator => simulator.stop()));
});

async function makeSomethingHappen() {
  const get = (path, instance) => service.request('GET',
    `/api/spectrocloud${path}${path.includes('?') ? '&' : '?'}instance=${encodeURIComponent(instance)}`);
  const { uid, project } = (await simulators[0].world()).clusters.find(c => c.project && !c.deleted && c.cloudType !== 'nested');
  for (const path of ['/projects', '/clusters', `/clusters/${uid}?projectUid=${project}`])
    assert.equal((await get(path, NAMES[0])).status, 200);
  await simulators[1].fault(AWAY);
  for (let i = 0; i < 6; i++) await get(i % 2 ? '/projects' : `/clusters/${uid}?projectUid=${project}`, NAMES[1]);
  assert.equal((await get('/projects', NAMES[2])).status, 200);
}

// Runs in the page: what is written on what, where the contrast is too low for its size (WCAG 2.2, 1.4.3).
const FAINT = `(() => {
  const channels = colour => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = element => {
    for (let e = element; e; e = e.parentElement) {
      const c = channels(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let count = 0;
  while (walker.nextNode()) {
    const { parentElement: e, data } = walker.currentNode;
    const style = getComputedStyle(e);
    if (!data.trim() || e.closest('.unseen, title, desc, style')) continue;
    count++;
    const [a, b] = [e.namespaceURI.endsWith('svg') ? style.fill : style.color, 0]
      .map((c, i) => luminance(i ? ground(e) : channels(c))).sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) faint.push(data.trim().slice(0, 30) + ': ' + contrast.toFixed(2));
  }
  return { faint, count };
})()`;

for (const form of FORMS)
  test(form.what, async () => {
    const tab = await chromium.tab(form);
    await tab.open(url);
    // The answer itself and the little picture in the tab, which is in the page.
    assert.deepEqual(tab.requests.filter(request => !request.startsWith('data:')), [url]);
    assert.deepEqual(tab.complaints, []);

    const { wide, inner, outside } = await tab.evaluate(`({ wide: document.scrollingElement.scrollWidth, inner: innerWidth,
      outside: [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5 &&
        !e.closest('.unseen, .scroll')).map(e => e.outerHTML.slice(0, 80)) })`);
    assert.equal(inner, form.width);
    assert.ok(wide <= form.width, `it is ${wide} wide`);
    assert.deepEqual(outside, []);
    // No table has to be pushed to and fro either.
    assert.deepEqual(await tab.evaluate(`[...document.querySelectorAll('.scroll')]
      .filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText.slice(0, 60))`), []);

    const { background, heading } = await tab.evaluate(`({ background: getComputedStyle(document.body).backgroundColor,
      heading: getComputedStyle(document.querySelector('h1')).display })`);
    assert.equal(heading, 'flex', 'the style is not applied');
    assert.equal(background, form.dark ? 'rgb(15, 19, 23)' : 'rgb(244, 245, 247)');
    const { faint, count } = await tab.evaluate(FAINT);
    assert.ok(count > 100, `${count} texts`);
    assert.deepEqual(faint, []);
    if (process.env.SCREENSHOTS)
      writeFileSync(join(process.env.SCREENSHOTS, `status ${form.what}.png`.replace(/\W+(?!png$)/g, '-')), await tab.picture());
    await tab.close();
  });

test('what is bad is on the first screen, also of a phone', async () => {
  for (const form of FORMS) {
    const tab = await chromium.tab(form);
    await tab.open(url);
    const { text, bottom, title } = await tab.evaluate(`({ text: document.querySelector('h1').innerText,
      bottom: document.querySelector('.notices li').getBoundingClientRect().bottom, title: document.title })`);
    assert.match(text, /2 of 3 environments answer; staging-\S+ has not for (a moment|\d+ (second|minute)s?)\./);
    assert.match(title, /^2 of 3 environments answer; staging/);
    assert.ok(bottom < (form.height ?? 900), `it ends at ${bottom}`);
    await tab.close();
  }
});

test('names are text, and a script that got in would not run', async () => {
  const tab = await chromium.tab({ width: 1440 });
  await tab.open(url);
  assert.deepEqual(await tab.evaluate("[...document.querySelectorAll('h3')].map(h => h.textContent)"), NAMES);
  assert.equal(await tab.evaluate('document.scripts.length'), 0);
  // None of these does anything, and the browser says why.
  const did = await tab.evaluate(`new Promise(done => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<i id="i" style="color:rgb(1,2,3)" onclick="window.ran=true">x</i>' +
      '<img src="${url}"><style>body{color:rgb(1,2,3)}</style>');
    document.getElementById('i').click();
    fetch('${url}').then(() => { window.fetched = true; }, () => {}).finally(() => done({ ran: window.ran ?? false,
      fetched: window.fetched ?? false, colour: getComputedStyle(document.getElementById('i')).color,
      body: getComputedStyle(document.body).color }));
  })`);
  assert.deepEqual([did.ran, did.fetched], [false, false]);
  assert.notEqual(did.colour, 'rgb(1, 2, 3)');
  assert.notEqual(did.body, 'rgb(1, 2, 3)');
  assert.ok(tab.complaints.length >= 4, tab.complaints.join('\n'));
  assert.deepEqual(tab.answered.filter(request => !request.startsWith('data:')), [url]);
  await tab.close();
});

test('for who does not see it', async () => {
  const tab = await chromium.tab({ width: 1440 });
  await tab.open(url);
  const nodes = (await tab.tree()).filter(({ ignored }) => !ignored);
  const role = name => nodes.filter(node => node.role?.value === name);
  const nameOf = node => node.name?.value ?? '';
  const level = node => node.properties.find(({ name }) => name === 'level').value.value;
  const headings = role('heading').map(node => [level(node), nameOf(node)]);
  assert.equal(headings.filter(([at]) => at === 1).length, 1);
  assert.match(headings.find(([at]) => at === 1)[1], /^bad: 2 of 3 environments answer/);
  headings.reduce((before, [at, text]) => {
    assert.ok(at <= before + 1, `${text} is of level ${at} after ${before}`);
    return at;
  }, 0);
  assert.ok(role('main').length === 1 && role('banner').length === 1);
  assert.ok(role('article').every(node => NAMES.includes(nameOf(node))) && role('article').length === 3);
  const graphs = nodes.filter(node => /^(image|img|graphics)/.test(node.role?.value ?? ''));
  assert.equal(graphs.length, 4);
  for (const graph of graphs) assert.match(nameOf(graph), /: the last hour by minute .*\d+ requests?, \d+ failed\./);
  assert.ok(role('columnheader').length >= 15 && role('rowheader').length >= 20);
  for (const header of [...role('columnheader'), ...role('rowheader')]) assert.ok(nameOf(header), 'a header without a name');
  for (const link of role('link')) assert.ok(nameOf(link));
  // Each link leads to a part that is there.
  assert.deepEqual(await tab.evaluate(`[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))
    .filter(href => !document.querySelector(href))`), []);
  await tab.close();
});

test('it renews itself', async () => {
  const tab = await chromium.tab({ width: 1440 });
  await tab.open(url);
  assert.equal(await tab.evaluate("document.querySelector('meta[http-equiv=refresh]').content"), '60');
  await tab.close();
});
