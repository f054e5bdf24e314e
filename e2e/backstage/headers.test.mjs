// What a browser is told: the headers of the service are Backstage's own, with the same settings.
// The same requests go to both, to an open route of each and to a protected one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startAll } from './harness.mjs';

const OURS = '/api/spectrocloud';
const THEIRS = '/permission';
const OPEN = '/health';
const PROTECTED = { ours: '/clusters', theirs: '/authorize' };

const settings = {
  cors: {
    origin: ['http://*.example.com', 'https://bs.example:*'],
    methods: ['GET', 'POST', 'DELETE'],
    credentials: true,
    maxAge: 600,
    exposedHeaders: ['X-One', 'X-Two'],
  },
  csp: {
    'connect-src': ["'self'", 'https:'], 'img-src': ["'self'"], 'upgrade-insecure-requests': false },
  referrer: { policy: ['strict-origin'] },
};

const SAME = [
  'content-security-policy', 'referrer-policy', 'strict-transport-security', 'x-content-type-options',
  'x-dns-prefetch-control', 'x-download-options', 'x-frame-options',
  'x-permitted-cross-domain-policies', 'x-xss-protection', 'access-control-allow-origin',
  'access-control-allow-credentials', 'access-control-allow-methods', 'access-control-allow-headers',
  'access-control-max-age',
];

const ORIGINS = [
  undefined, 'http://a.example.com', 'http://a.b.example.com', 'HTTP://A.Example.com',
  'https://bs.example:8443', 'https://bs.example', 'http://example.com', 'http://a.example.com.evil',
  'https://a.example.com', 'null',
];

let all;

async function begin(backend) {
  all = await startAll({ extra: { backend } });
}

const words = value => (value ?? '').toLowerCase().split(/\s*,\s*/).filter(Boolean);

function assertAlike(ours, theirs, what) {
  for (const name of SAME)
    assert.equal(ours.headers[name], theirs.headers[name], `${what}: ${name}`);
  for (const name of ['vary', 'access-control-expose-headers'])
    for (const word of words(theirs.headers[name]).filter(w => w !== 'accept-encoding'))
      assert.ok(words(ours.headers[name]).includes(word), `${what}: ${name} without ${word}`);
  // A browser must be able to read that its user has to sign in again.
  if (ours.headers['access-control-allow-origin'])
    assert.ok(words(ours.headers['access-control-expose-headers'])
      .includes('x-spectrocloud-reauth-required'), `${what}: the re-authentication header is hidden`);
}

async function both(method, { ours, theirs }, headers) {
  return [
    await all.service.request(method, OURS + ours, { token: null, headers }),
    await all.backstage.call(method, THEIRS + theirs, { headers }),
  ];
}

// Every kind of request a browser makes, from every origin.
async function compare() {
  const open = { ours: OPEN, theirs: OPEN };
  for (const origin of ORIGINS) {
    const from = origin === undefined ? {} : { origin };
    const preflight = { ...from, 'access-control-request-method': 'POST' };
    const asking = { ...preflight,
      'access-control-request-headers': 'authorization,x-spectrocloud-token' };
    for (const [what, method, paths, headers] of [
      ['open', 'GET', open, from],
      ['refused', 'GET', PROTECTED, from],
      ['preflight', 'OPTIONS', PROTECTED, preflight],
      ['preflight with headers', 'OPTIONS', PROTECTED, asking],
    ]) {
      const [ours, theirs] = await both(method, paths, headers);
      assertAlike(ours, theirs, `${what} from ${origin}`);
      assert.equal(ours.status, theirs.status, `${what} from ${origin}: ${ours.text}`);
    }
  }
}

test('with CORS, a content security policy and a referrer policy', async () => {
  await begin(settings);
  try {
    await compare();
  } finally {
    await all.stop();
  }
});

test('without any', async () => {
  await begin({});
  try {
    await compare();
  } finally {
    await all.stop();
  }
});
