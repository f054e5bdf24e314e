// Every kind of token, accepted or refused as Backstage's own plugins would: who it makes the caller, what the
// refusal says, and that nothing refused reaches Palette.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, test } from 'node:test';

import {
  TYPES, assertRefused, beside, hmacToken, limitedToken, logLines, makeKey, note, now, oldUserToken, parts,
  pluginToken, publicPem, requestLine, sign, sleep, startBackstage, startBeside, stopBeside, token, until,
  userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const SECRET = 'c2hhcmVkLXNlY3JldC1vZi10aGUtdGVzdHM='; // base64, of a legacy caller
const OLD_SECRET = 'YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz';
const CLUSTER_INFO = 'spectrocloud.cluster.view-info';

const es256 = makeKey('ES256', 'user-es256');
const keys = {
  rs256: makeKey('RS256', 'user-rs256'),
  es384: makeKey('ES384', 'user-es384'),
  es512: makeKey('ES512', 'user-es512'),
  weak: makeKey('RS256', 'user-weak', 1024),
  bare: makeKey('ES256', 'user-bare'), // published without alg
  odd: makeKey('ES256', 'kéy "1"/\\ ☺'),
};
const catalog = makeKey('ES256', 'catalog-1');
const scaffolder = makeKey('RS256', 'scaffolder-1');
const authItself = makeKey('ES256', 'auth-1');
const outside = makeKey('ES256', 'outside-es256');
const outsideRsa = makeKey('RS256', 'outside-rs256');
const attacker = makeKey('ES256', es256.kid);

let simulator;
let backstage;
let service;
const table = [];

const restricted = (...restrictions) => ({ accessRestrictions: restrictions });

const jwksEntry = (issuer, more = {}, restrictions = {}) => ({ type: 'jwks',
  options: { url: `${backstage.url}/issuer/keys.json`, issuer, audience: 'spectro', ...more }, ...restrictions });

function config() {
  const made = beside(backstage, configuration([simulator], { permissions: { cacheTtl: '0s' } }));
  made.backend.auth.externalAccess.push(
    { type: 'legacy', options: { secret: SECRET, subject: 'old-caller' } },
    jwksEntry('https://plain.example'),
    jwksEntry('https://prefixed.example', { subjectPrefix: 'ci', algorithm: ['ES256'] }),
    jwksEntry('https://reader.example', {},
      restricted({ plugin: 'spectrocloud', permissionAttribute: { action: ['read'] } })),
    jwksEntry('https://writer.example', {},
      restricted({ plugin: 'spectrocloud', permissionAttribute: { action: ['create'] } })),
    jwksEntry('https://named.example', {},
      restricted({ plugin: 'spectrocloud', permission: `${CLUSTER_INFO}, x.y` })),
    jwksEntry('https://unnamed.example', {},
      restricted({ plugin: 'spectrocloud', permission: ['spectrocloud.profile.view-info'] })),
    jwksEntry('https://elsewhere.example', {},
      restricted({ plugin: 'catalog' }, { plugin: 'search' })));
  made.backend.auth.keys = [{ secret: OLD_SECRET }];
  return made;
}

before(async () => {
  simulator = await startSimulator('--seed', '3', '--clusters', '6');
  backstage = await startBackstage();
  backstage.users = [es256, ...Object.values(keys)];
  keys.bare.jwk = { ...keys.bare.jwk, alg: undefined };
  backstage.plugins = { catalog: [catalog], scaffolder: [scaffolder], auth: [authItself] };
  backstage.external = [outside, outsideRsa];
  service = await startBeside(backstage, config());
});

after(async () => {
  console.log(`\n${'token'.padEnd(64)} answer, and who it is or why not`);
  for (const [name, status, what] of table) console.log(`${name.padEnd(64)} ${status} ${what}`);
  await stopBeside(backstage, service);
  await backstage.stop();
  await simulator.stop();
});

async function ask(authorization, path = '/projects') {
  await simulator.forget();
  backstage.forget();
  const answer = await service.request('GET', `/api/spectrocloud${path}`,
    { token: null, headers: authorization === null ? {} : { authorization } });
  return { answer, upstream: (await simulator.requests()).length };
}

// ---- accepted ----

// who: the principal. Backstage is asked about users, and about nobody else.
function accepted(name, who, make, scheme = 'Bearer') {
  test(`accepted: ${name}`, async () => {
    const { answer, upstream } = await ask(`${scheme} ${make()}`);
    assert.equal(answer.status, 200, answer.text);
    assert.ok(upstream > 0);
    assert.ok((await requestLine(service, answer)).includes(` principal="${who}" `), who);
    const asked = who.startsWith('user:')
      ? [{ user: who, permission: CLUSTER_INFO, action: 'read' }] : [];
    assert.deepEqual(backstage.questions.map(({ user, permission, action }) => ({ user, permission, action })),
      asked);
    table.push([name, 200, who]);
  });
}

const ADA = 'user:default/ada';
const outsider = (iss, change = {}, key = outside) => sign(key, {}, {
  iss, sub: 'pipeline', aud: 'spectro', iat: now(), exp: now() + 600, ...change });
const legacy = (secret, change = {}, header = {}) =>
  hmacToken(Buffer.from(secret, 'base64'), header, { sub: 'backstage-server', exp: now() + 600, ...change });

accepted('user, ES256', ADA, () => userToken(es256));
accepted('user, RS256', ADA, () => userToken(keys.rs256));
accepted('user, ES384', ADA, () => userToken(keys.es384));
accepted('user, ES512', ADA, () => userToken(keys.es512));
accepted('user, a published key without alg', ADA, () => userToken(keys.bare));
accepted('user, a kid that JSON has to escape', ADA, () => userToken(keys.odd));
accepted('user, a name beyond ASCII', 'user:default/jörg-☺',
  () => userToken(es256, { sub: 'user:default/jörg-☺' }));
accepted('user, with ent', ADA, () => userToken(es256, { ent: [ADA, 'group:default/ops'] }));
accepted('user, iat ahead', ADA, () => userToken(es256, { iat: now() + 60 }));
accepted('user, nbf passed', ADA, () => userToken(es256, { nbf: now() - 1 }));
accepted('user, ends when time does', ADA, () => {
  const claims = `"sub":"${ADA}","iat":${now()},"exp":9223372036854775807`; // which JavaScript cannot say
  const limited = sign(es256, `{"typ":"${TYPES.limited}","alg":"ES256","kid":"${es256.kid}"}`, `{${claims}}`);
  return sign(es256, { typ: TYPES.user }, `{${claims},"uip":"${limited.split('.')[2]}"}`);
});
accepted('user, the scheme in lower case', ADA, () => userToken(es256), 'bearer');
accepted('user, of 33 KiB', ADA, () => {
  const made = userToken(es256, { ent: Array.from({ length: 900 }, (_, i) => `group:default/team-${i}-xxxxxx`) });
  assert.ok(made.length > 33 * 1024 && made.length < 40 * 1024, String(made.length));
  return made;
});
accepted('old user: no typ, aud backstage', ADA, () => oldUserToken(es256));
accepted('plugin', 'plugin:catalog', () => pluginToken(catalog));
accepted('plugin, RS256', 'plugin:scaffolder', () => pluginToken(scaffolder, { sub: 'scaffolder' }));
accepted('plugin, aud is a list', 'plugin:catalog',
  () => pluginToken(catalog, { aud: ['search', 'spectrocloud'] }));
accepted('plugin for a user', ADA, () => pluginToken(catalog, { obo: userToken(es256) }));
accepted('plugin for a user, limited', ADA,
  () => pluginToken(catalog, { obo: limitedToken(es256, { sub: ADA, iat: now(), exp: now() + 60 }) }));
accepted('plugin for a user, old', ADA, () => pluginToken(catalog, { obo: oldUserToken(es256) }));
accepted('external: static', 'tests', () => TOKEN);
accepted('external: legacy', 'old-caller', () => legacy(SECRET));
accepted('external: legacy without exp', 'old-caller', () => legacy(SECRET, { exp: undefined }));
accepted('external: legacy of backend.auth.keys', 'external:backstage-plugin', () => legacy(OLD_SECRET));
accepted('external: jwks, ES256', 'external:pipeline', () => outsider('https://plain.example'));
accepted('external: jwks, RS256', 'external:pipeline',
  () => outsider('https://plain.example', {}, outsideRsa));
accepted('external: jwks with a prefix', 'external:ci:pipeline', () => outsider('https://prefixed.example'));
accepted('external: jwks, restricted to read', 'external:pipeline', () => outsider('https://reader.example'));
accepted('external: jwks, restricted to this permission', 'external:pipeline',
  () => outsider('https://named.example'));

test('a plugin that acts for a user is named beside the user in the audit trail', async () => {
  const { clusters } = await simulator.world();
  const cluster = clusters.find(c => c.project && c.hasKubeconfig && !c.deleted && c.cloudType !== 'nested');
  const { answer } = await ask(`Bearer ${pluginToken(catalog, { obo: userToken(es256) })}`,
    `/clusters/${cluster.uid}/kubeconfig?projectUid=${cluster.project}`);
  assert.equal(answer.status, 200, answer.text);
  const line = await until(() => logLines(service, 'audit').at(-1), 'the audit trail');
  assert.match(line, /principal="user:default\/ada" actor="plugin:catalog" /);
});

// ---- refused ----

// authorization: the header, or null for none.
function refusedHeader(name, status, message, make) {
  test(`refused: ${name}`, async () => {
    const { answer, upstream } = await ask(make());
    assertRefused(answer, status, message);
    assert.equal(upstream, 0);
    assert.deepEqual(backstage.questions, []);
    table.push([name, status, answer.json.error.message]);
  });
}

const refused = (name, message, make, status = 401) =>
  refusedHeader(name, status, message, () => `Bearer ${make()}`);

const MISSING = 'Missing credentials';
refusedHeader('nothing', 401, MISSING, () => null);
refusedHeader('another scheme', 401, MISSING, () => `Basic ${Buffer.from('a:b').toString('base64')}`);
refusedHeader('a scheme alone', 401, MISSING, () => 'Bearer');
refusedHeader('two tokens in one header', 401, MISSING, () => `Bearer ${userToken(es256)} ${userToken(es256)}`);

const ILLEGAL = 'Illegal token';
refused('no JWT', ILLEGAL, () => note('this-is-no-token-at-all'));
refused('two parts', ILLEGAL, () => note(parts(userToken(es256)).input));
refused('four parts', ILLEGAL, () => note(`${userToken(es256)}.e30`));
refused('static token with a letter too many', ILLEGAL, () => note(`${TOKEN}x`));
refused('static token without its last letter', ILLEGAL, () => TOKEN.slice(0, -1));
refused('static token in other letters', ILLEGAL, () => note(TOKEN.toUpperCase()));
refused('padded base64', ILLEGAL, () => note(`${userToken(es256)}=`));
refused('no typ, no aud', ILLEGAL, () => sign(es256, {}, { sub: ADA, iat: now(), exp: now() + 60 }));
refused('another typ', ILLEGAL,
  () => sign(es256, { typ: 'vnd.backstage.User' }, { sub: ADA, iat: now(), exp: now() + 60 }));
refused('old user, another aud', ILLEGAL, () => oldUserToken(es256, { aud: 'spectrocloud' }));
refused('crit', ILLEGAL, () => userToken(es256, {}, { crit: ['b64'], b64: false }));
refused('crit, empty', ILLEGAL, () => userToken(es256, {}, { crit: [] }));

const times = (expires = 600) => `"iat":${now()},"exp":${now() + expires}`;
refused('a claim twice', ILLEGAL, () => sign(es256, { typ: TYPES.user },
  `{"sub":"${ADA}","sub":"user:default/root",${times()}}`));
refused('a claim twice, once escaped', ILLEGAL, () => sign(es256, { typ: TYPES.user },
  `{"sub":"${ADA}","s\\u0075b":"user:default/root",${times()}}`));
refused('a member of the header twice', ILLEGAL, () => sign(es256,
  `{"typ":"${TYPES.user}","alg":"none","alg":"ES256","kid":"${es256.kid}"}`,
  { sub: ADA, iat: now(), exp: now() + 60 }));
refused('claims that are no object', ILLEGAL, () => sign(es256, { typ: TYPES.user }, '["sub"]'));
refused('claims with text behind them', ILLEGAL,
  () => sign(es256, { typ: TYPES.user }, `{"sub":"${ADA}",${times()}}x`));

const FAILED_USER = 'Failed user token verification; caused by';
const UNSIGNED = 'JWSSignatureVerificationFailed: no key of the issuer made this signature';
const claim = name => `JWTClaimValidationFailed: the claim ${name} is missing or no`;
refused('user, expired', `${FAILED_USER} JWTExpired: the token has expired`,
  () => userToken(es256, { iat: now() - 60, exp: now() - 1 }));
refused('user, expires now', `${FAILED_USER} JWTExpired: the token has expired`,
  () => userToken(es256, { exp: now() }));
refused('user, nbf ahead', `${FAILED_USER} JWTClaimValidationFailed: the token is not valid yet`,
  () => userToken(es256, { nbf: now() + 60 }));
for (const exp of ['1e300', '9223372036854775808', '-1', '1.5e10', 'true', '[]'])
  refused(`user, exp is ${exp}`, new RegExp(`^${FAILED_USER} JWT`),
    () => sign(es256, { typ: TYPES.user }, `{"sub":"${ADA}","iat":1,"exp":${exp}}`));
refused('user, a sub of 2 KiB', `${FAILED_USER} ${claim('sub')} name`,
  () => userToken(es256, { sub: 'x'.repeat(2048) }));
refused('user without exp', `${FAILED_USER} ${claim('exp')} whole number`,
  () => userToken(es256, { exp: undefined }));
refused('user, exp is text', `${FAILED_USER} ${claim('exp')} whole number`,
  () => userToken(es256, { exp: String(now() + 60) }));
refused('user without iat', `${FAILED_USER} ${claim('iat')} whole number`,
  () => userToken(es256, { iat: undefined }));
refused('user without sub', `${FAILED_USER} ${claim('sub')} name`, () => userToken(es256, { sub: undefined }));
refused('user, sub with a NUL', `${FAILED_USER} ${claim('sub')} name`,
  () => userToken(es256, { sub: `${ADA}\0x` }));

const replaced = (part, edit) => {
  const made = userToken(es256).split('.');
  made[part] = edit(made[part]);
  return note(made.join('.'));
};
const edited = change => text => Buffer.from(JSON.stringify({
  ...JSON.parse(Buffer.from(text, 'base64url')), ...change })).toString('base64url');
refused('user, header tampered with', `${FAILED_USER} ${UNSIGNED}`, () => replaced(0, edited({ extra: 1 })));
refused('user, claims tampered with', `${FAILED_USER} ${UNSIGNED}`,
  () => replaced(1, edited({ sub: 'user:default/root' })));
refused('user, signature tampered with', `${FAILED_USER} ${UNSIGNED}`,
  () => replaced(2, s => (s[0] === 'A' ? 'B' : 'A') + s.slice(1)));
refused('user, signature cut short', `${FAILED_USER} ${UNSIGNED}`, () => replaced(2, s => s.slice(0, 40)));
refused('user, signature all zeros', `${FAILED_USER} ${UNSIGNED}`,
  () => replaced(2, () => Buffer.alloc(64).toString('base64url')));
refused('user, signature of another token', `${FAILED_USER} ${UNSIGNED}`,
  () => replaced(2, () => userToken(es256).split('.')[2]));
refused('user, signature of the limited form', `${FAILED_USER} ${UNSIGNED}`,
  () => replaced(2, () => parts(userToken(es256)).claims.uip));

for (const alg of ['none', 'None', 'NONE', ''])
  refused(`user, alg "${alg}", unsigned`, `${FAILED_USER} ${UNSIGNED}`, () => token(
    { typ: TYPES.user, alg, kid: es256.kid }, { sub: ADA, iat: now(), exp: now() + 60 }, () => ''));
refused('user, alg none, signed', `${FAILED_USER} ${UNSIGNED}`, () => userToken(es256, {}, { alg: 'none' }));
refused('user, no alg', `${FAILED_USER} ${UNSIGNED}`, () => userToken(es256, {}, { alg: undefined }));
refused('user, alg of another curve', `${FAILED_USER} ${UNSIGNED}`,
  () => userToken(es256, {}, { alg: 'ES384' }));
refused('user, RS512 by a key for RS256', `${FAILED_USER} ${UNSIGNED}`,
  () => userToken({ ...keys.rs256, algorithm: 'RS512' }));

const materials = {
  'PEM': () => publicPem(es256),
  'PEM without its last line break': () => publicPem(es256).trimEnd(),
  'JWK as published': () => JSON.stringify(es256.jwk),
  'DER': () => es256.publicKey.export({ type: 'spki', format: 'der' }),
  'x': () => Buffer.from(es256.jwk.x, 'base64url'),
  'nothing': () => '',
};
for (const [name, material] of Object.entries(materials))
  refused(`user, HMAC with the public key: ${name}`, `${FAILED_USER} ${UNSIGNED}`, () => hmacToken(
    material(), { typ: TYPES.user, kid: es256.kid }, { sub: ADA, iat: now(), exp: now() + 60 }));
refused('user, HMAC with an RSA key: PEM', `${FAILED_USER} ${UNSIGNED}`, () => hmacToken(
  publicPem(keys.rs256), { typ: TYPES.user, kid: keys.rs256.kid }, { sub: ADA, iat: now(), exp: now() + 60 }));

refused('user, another key under the same kid', `${FAILED_USER} ${UNSIGNED}`, () => userToken(attacker));
refused('user, brings its key along as jwk', `${FAILED_USER} ${UNSIGNED}`,
  () => userToken(attacker, {}, { jwk: attacker.jwk }));
refused('user, says where its key is (jku)', `${FAILED_USER} ${UNSIGNED}`,
  () => userToken(attacker, {}, { jku: `${backstage.url}/evil/jwks.json`, x5u: `${backstage.url}/evil.pem` }));
refused('user, says where its key is (iss)', `${FAILED_USER} ${UNSIGNED}`,
  () => userToken(attacker, { iss: `${backstage.url}/evil` }));
refused('user, an unknown kid', `${FAILED_USER} ${UNSIGNED}`, () => userToken(makeKey('ES256', 'nobodys')));
refused('user, an RSA key of 1,024 bits', `${FAILED_USER} ${UNSIGNED}`, () => userToken(keys.weak));
refused('user, signed by a plugin', `${FAILED_USER} ${UNSIGNED}`, () => userToken(catalog));
refused('user, signed by an issuer outside', `${FAILED_USER} ${UNSIGNED}`, () => userToken(outside));
refused('user, DER instead of r and s', `${FAILED_USER} ${UNSIGNED}`, () => token(
  { typ: TYPES.user, alg: 'ES256', kid: es256.kid }, { sub: ADA, iat: now(), exp: now() + 60 },
  input => crypto.sign('sha256', Buffer.from(input), es256.privateKey).toString('base64url')));
refused('limited user by itself', 'Illegal limited user token',
  () => limitedToken(es256, { sub: ADA, iat: now(), exp: now() + 60 }));
refused('limited user, cut down from a user token by hand', 'Illegal limited user token', () => {
  const { claims } = parts(userToken(es256));
  return limitedToken(es256, claims);
});

const FAILED_PLUGIN = 'Failed plugin token verification; caused by';
const FORBIDDEN = 'Invalid plugin token: forbidden subject format';
refused('plugin, expired', `${FAILED_PLUGIN} JWTExpired: the token has expired`,
  () => pluginToken(catalog, { exp: now() - 1 }));
refused('plugin, nbf ahead', `${FAILED_PLUGIN} JWTClaimValidationFailed: the token is not valid yet`,
  () => pluginToken(catalog, { nbf: now() + 60 }));
for (const aud of ['catalog', 'backstage', 'spectrocloud2', ['search'], [], undefined])
  refused(`plugin for ${JSON.stringify(aud)}`,
    `${FAILED_PLUGIN} JWTClaimValidationFailed: the claim aud is not this plugin`,
    () => pluginToken(catalog, { aud }));
refused('plugin without sub', 'Invalid plugin token: missing subject',
  () => pluginToken(catalog, { sub: undefined }));
for (const sub of ['../catalog', 'catalog/..', '..', 'a/b', 'a%2f..', 'catalog?x', 'catalog#', 'cätalog', 'a b',
  'catalog.x', 'user:default/ada', 'x'.repeat(65)])
  refused(`plugin named ${sub.slice(0, 20)}`, FORBIDDEN, () => pluginToken(catalog, { sub }));
refused('plugin, signed by another plugin', `${FAILED_PLUGIN} ${UNSIGNED}`,
  () => pluginToken(scaffolder, { sub: 'catalog' }));
refused('plugin auth, signed by the key of users', `${FAILED_PLUGIN} ${UNSIGNED}`,
  () => pluginToken(es256, { sub: 'auth' }));
refused('user, signed by the own key of plugin auth', `${FAILED_USER} ${UNSIGNED}`, () => userToken(authItself));
refused('plugin without published keys',
  `${FAILED_PLUGIN} AuthenticationError: the issuer does not have a JWKS endpoint`,
  () => pluginToken(makeKey(), { sub: 'techdocs' }));
refused('plugin token that this service might have made', new RegExp(`^${FAILED_PLUGIN} `),
  () => pluginToken(makeKey(), { sub: 'spectrocloud' }));

const OBO = 'Invalid user token in plugin token obo claim';
const limitedAda = key => limitedToken(key, { sub: ADA, iat: now(), exp: now() + 60 });
refused('plugin, obo of another signer', `${OBO}; caused by ${UNSIGNED}`,
  () => pluginToken(catalog, { obo: limitedAda(attacker) }));
refused('plugin, obo signed by the plugin', `${OBO}; caused by ${UNSIGNED}`,
  () => pluginToken(catalog, { obo: limitedAda(catalog) }));
refused('plugin, obo expired', `${OBO}; caused by JWTExpired: the token has expired`,
  () => pluginToken(catalog, { obo: limitedToken(es256, { sub: ADA, iat: now() - 9, exp: now() - 1 }) }));
refused('plugin, obo is a plugin token', OBO, () => pluginToken(catalog, { obo: pluginToken(catalog) }));
refused('plugin, obo is an external token', OBO, () => pluginToken(catalog, { obo: TOKEN }));
refused('plugin, obo empty', OBO, () => pluginToken(catalog, { obo: '' }));
for (const obo of [1, null, [], {}])
  refused(`plugin, obo is ${JSON.stringify(obo)}`,
    `${FAILED_PLUGIN} JWTClaimValidationFailed: the claim obo is no token`, () => pluginToken(catalog, { obo }));

refused('legacy, another secret', ILLEGAL, () => legacy('d3Jvbmctc2VjcmV0LXdyb25nLXNlY3JldA=='));
refused('legacy, the secret before it is decoded', ILLEGAL,
  () => hmacToken(SECRET, {}, { sub: 'backstage-server', exp: now() + 600 }));
refused('legacy, another sub', ILLEGAL, () => legacy(SECRET, { sub: 'backstage' }));
refused('legacy, with aud', ILLEGAL, () => legacy(SECRET, { aud: 'spectrocloud' }));
refused('legacy, expired', ILLEGAL, () => legacy(SECRET, { exp: now() - 1 }));
refused('legacy, alg none', ILLEGAL, () => token({ alg: 'none' }, { sub: 'backstage-server' }, () => ''));
refused('jwks, an issuer nobody knows', ILLEGAL, () => outsider('https://evil.example'));
refused('jwks, another audience', ILLEGAL, () => outsider('https://plain.example', { aud: 'other' }));
refused('jwks, an algorithm that is not allowed', ILLEGAL,
  () => outsider('https://prefixed.example', {}, outsideRsa));
refused('jwks, another key', ILLEGAL,
  () => outsider('https://plain.example', {}, makeKey('ES256', outside.kid)));
refused('jwks, expired', ILLEGAL, () => outsider('https://plain.example', { exp: now() - 1 }));
refused('jwks, without sub', ILLEGAL, () => outsider('https://plain.example', { sub: undefined }));
refused('jwks, HMAC with its public key', ILLEGAL, () => hmacToken(publicPem(outside), { kid: outside.kid },
  { iss: 'https://plain.example', sub: 'pipeline', aud: 'spectro', exp: now() + 600 }));

// ---- known, and not allowed ----

const lacks = subject => `The access restrictions of ${subject} do not include the permission ${CLUSTER_INFO}`;
refused('external: restricted to create', lacks('external:pipeline'),
  () => outsider('https://writer.example'), 403);
refused('external: restricted to another permission', lacks('external:pipeline'),
  () => outsider('https://unnamed.example'), 403);
refused('external: restricted to other plugins',
  "This token's access is restricted to plugin(s) 'catalog', 'search'",
  () => outsider('https://elsewhere.example'), 403);
refused('user whose token cannot be delegated', new RegExp(`^The permission ${CLUSTER_INFO} could not be checked`),
  () => userToken(es256, { uip: undefined }), 403);

// ---- what takes more than one request ----

test('no token has made the service look where it should not', () => {
  assert.equal(backstage.fetches(/evil|\.\./), 0);
});

test('a token is good until it expires, also for who has verified it before', async () => {
  const made = userToken(es256, { exp: now() + 2 });
  assert.equal((await ask(`Bearer ${made}`)).answer.status, 200);
  const { exp } = parts(made).claims;
  while (now() < exp) await sleep(50);
  const { answer, upstream } = await ask(`Bearer ${made}`);
  assertRefused(answer, 401, `${FAILED_USER} JWTExpired: the token has expired`);
  assert.equal(upstream, 0);
});

test('a token of 70 KiB is refused', async () => {
  const made = userToken(es256, { ent: ['x'.repeat(53 * 1024)] });
  assert.ok(made.length > 70 * 1024 && made.length < 75 * 1024, String(made.length));
  // The client may still be sending when the answer comes.
  const answer = await service.raw(`GET /api/spectrocloud/projects HTTP/1.1\r\nHost: x\r\n` +
    `Authorization: Bearer ${made}\r\nConnection: close\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test('a token of 70 KiB is refused also where headers may have 256 KiB', async () => {
  const wide = config();
  wide.spectrocloud.server = { maxHeaderBytes: '256KiB' };
  const other = await startBeside(backstage, wide);
  const answer = await other.request('GET', '/api/spectrocloud/projects',
    { token: userToken(es256, { ent: ['x'.repeat(53 * 1024)] }) });
  assertRefused(answer, 401, ILLEGAL);
  const fine = await other.request('GET', '/api/spectrocloud/projects',
    { token: userToken(es256, { ent: ['x'.repeat(40 * 1024)] }) });
  assert.equal(fine.status, 200, fine.text);
  await stopBeside(backstage, other);
  backstage.serves(service);
});
