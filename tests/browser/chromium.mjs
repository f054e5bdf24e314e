// A headless Chromium, driven through its pipe by the DevTools protocol: one JSON message after another, each with a NUL
// behind it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CHROMIUM = process.env.CHROMIUM ?? 'chromium';
const PATIENCE_MS = 60000;

// As root it has no sandbox; nothing but our own pages is shown to it.
const OPTIONS = ['--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe'];

export async function startChromium() {
  const profile = mkdtempSync(join(tmpdir(), 'browser-'));
  const child = spawn(CHROMIUM, [...OPTIONS, `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const [, , , input, output] = child.stdio;
  const waiting = new Map();
  const listeners = new Set();
  let last = 0;
  let rest = Buffer.alloc(0);
  const fail = error => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  child.once('error', fail);
  child.once('exit', code => fail(new Error(`Chromium ended with ${code}`)));
  input.on('error', fail);

  function take(message) {
    const asked = waiting.get(message.id);
    if (asked) {
      waiting.delete(message.id);
      if (message.error) asked.reject(new Error(`${asked.method}: ${message.error.message}`));
      else asked.resolve(message.result);
    } else {
      listeners.forEach(listener => listener(message));
    }
  }

  output.on('data', part => {
    rest = Buffer.concat([rest, part]);
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      take(JSON.parse(rest.subarray(0, end).toString()));
      rest = rest.subarray(end + 1);
    }
  });

  const send = (method, params = {}, sessionId) => new Promise((resolve, reject) => {
    const id = ++last;
    const timer = setTimeout(() => reject(new Error(`${method}: no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
    const done = settle => value => {
      clearTimeout(timer);
      settle(value);
    };
    waiting.set(id, { method, resolve: done(resolve), reject: done(reject) });
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  });

  return {
    // A new tab with what it complained of and asked for.
    async tab({ width, height = 900, dark = false }) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
      const seen = { complaints: [], requests: [], answered: [] };
      const loaded = [];
      listeners.add(({ method, params, sessionId: from }) => {
        if (from !== sessionId) return;
        if (method === 'Runtime.consoleAPICalled') seen.complaints.push(JSON.stringify(params.args));
        if (method === 'Runtime.exceptionThrown') seen.complaints.push(params.exceptionDetails.text);
        if (method === 'Log.entryAdded') seen.complaints.push(params.entry.text);
        if (method === 'Audits.issueAdded') seen.complaints.push(JSON.stringify(params.issue));
        if (method === 'Network.requestWillBeSent') seen.requests.push(params.request.url);
        if (method === 'Network.responseReceived') seen.answered.push(params.response.url);
        if (method === 'Page.loadEventFired') loaded.splice(0).forEach(done => done());
      });
      const ask = (method, params) => send(method, params, sessionId);
      for (const domain of ['Page', 'Runtime', 'Log', 'Network', 'Audits', 'Accessibility']) await ask(`${domain}.enable`);
      await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
      await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
      const tab = {
        ...seen,
        ask,
        async open(url) {
          const done = new Promise(resolve => loaded.push(resolve));
          const { errorText } = await ask('Page.navigate', { url });
          if (errorText) throw new Error(`${url}: ${errorText}`);
          await done;
        },
        // The value of an expression in the page.
        async evaluate(expression) {
          const { result, exceptionDetails } = await ask('Runtime.evaluate',
            { expression, returnByValue: true, awaitPromise: true });
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
          return result.value;
        },
        // PNG, of the whole page.
        async picture() {
          const { data } = await ask('Page.captureScreenshot', { captureBeyondViewport: true });
          return Buffer.from(data, 'base64');
        },
        tree: async () => (await ask('Accessibility.getFullAXTree')).nodes,
        close: () => send('Target.closeTarget', { targetId }),
      };
      return tab;
    },
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill();
      await ended;
      process.off('exit', kill);
      // Its children may write there for a moment longer.
      for (let tries = 0; ; tries++) {
        try {
          rmSync(profile, { recursive: true, force: true });
          return;
        } catch (error) {
          if (tries === 50) throw error;
          await new Promise(resolve => setTimeout(resolve, 100));
        }
      }
    },
  };
}
