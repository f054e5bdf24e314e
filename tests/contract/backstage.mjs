// A stand-in for Backstage on one server: the keys of its users, of its plugins and of an issuer outside, the
// tokens all of these sign, and the permission backend. What this service sends is verified here with Node's own
// crypto, so that nobody checks tokens with the library that made them.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';

import { Refusal, askCatalog } from './catalog.mjs';
import { OTHER_PLUGIN, RESTRICTED, TOKEN, TRUSTED, startService } from './harness.mjs';

export const now = () => Math.floor(Date.now() / 1000);
export const sleep = ms => new Promise(done => setTimeout(done, ms));

// ---- keys ----

const kinds = {
  ES256: ['ec', { namedCurve: 'P-256' }, 'sha256'],
  ES384: ['ec', { namedCurve: 'P-384' }, 'sha384'],
  ES512: ['ec', { namedCurve: 'P-521' }, 'sha512'],
  RS256: ['rsa', { modulusLength: 2048 }, 'sha256'],
  RS512: ['rsa', { modulusLength: 2048 }, 'sha512'],
};

// bits: of an RSA key, if it is to have another size.
export function makeKey(algorithm = 'ES256', kid = crypto.randomUUID(), bits = 2048) {
  const [type, options] = kinds[algorithm];
  const pair = crypto.generateKeyPairSync(type,
    type === 'rsa' ? { modulusLength: bits } : options);
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid, alg: algorithm };
  return { kid, algorithm, ...pair, jwk };
}

const cryptoOptions = (algorithm, key) =>
  (kinds[algorithm][0] === 'ec' ? { key, dsaEncoding: 'ieee-p1363' } : key);

export const signature = (key, input) => crypto.sign(kinds[key.algorithm][2], Buffer.from(input),
  cryptoOptions(key.algorithm, key.privateKey)).toString('base64url');

export const publicPem = key => key.publicKey.export({ type: 'spki', format: 'pem' });
export const privatePem = key => key.privateKey.export({ type: 'pkcs8', format: 'pem' });

// ---- tokens ----

export const TYPES = {
  user: 'vnd.backstage.user',
  limited: 'vnd.backstage.limited-user',
  plugin: 'vnd.backstage.plugin',
};

// Every token of this test's process, ours and the service's: none may be in a log.
const minted = new Set([TOKEN, RESTRICTED, OTHER_PLUGIN, TRUSTED]);

export const note = token => {
  minted.add(token);
  return token;
};

const part = json => Buffer.from(typeof json === 'string' ? json : JSON.stringify(json)).toString('base64url');

// header and claims are objects, or JSON text where an object cannot say it. proof: from the signed bytes to the
// last part.
export function token(header, claims, proof) {
  const input = `${part(header)}.${part(claims)}`;
  return note(`${input}.${proof(input)}`);
}

export const sign = (key, header, claims) => token(
  typeof header === 'string' ? header : { ...header, alg: key.algorithm, kid: key.kid, ...header },
  claims, input => signature(key, input));

// As the auth plugin makes it: these members in this order.
export const limitedToken = (key, { sub, iat, exp }) => sign(key,
  `{"typ":"${TYPES.limited}","alg":"${key.algorithm}","kid":${JSON.stringify(key.kid)}}`, { sub, iat, exp });

const times = () => ({ iat: now(), exp: now() + 3600 });

// change: claims that differ; undefined leaves one out.
export function userToken(key, change = {}, header = {}) {
  const claims = { iss: 'http://localhost/api/auth', sub: 'user:default/ada', aud: 'backstage', ...times(),
    ...change };
  const uip = limitedToken(key, claims).split('.')[2];
  return sign(key, { typ: TYPES.user, ...header }, { ...claims, uip, ...change });
}

// As it was before tokens had a type.
export const oldUserToken = (key, change = {}) => sign(key, {}, { iss: 'http://localhost/api/auth',
  sub: 'user:default/ada', ent: ['user:default/ada'], aud: 'backstage', ...times(), ...change });

export const pluginToken = (key, change = {}, header = {}) => sign(key, { typ: TYPES.plugin, ...header },
  { sub: 'catalog', aud: 'spectrocloud', ...times(), ...change });

export function hmacToken(secret, header, claims) {
  return token({ alg: 'HS256', ...header }, claims,
    input => crypto.createHmac('sha256', secret).update(input).digest('base64url'));
}

export function parts(compact) {
  const [header, claims] = compact.split('.').map(p => {
    try { return JSON.parse(Buffer.from(p, 'base64url').toString()); } catch { return undefined; }
  });
  return { header, claims, input: compact.slice(0, compact.lastIndexOf('.')),
    proof: compact.slice(compact.lastIndexOf('.') + 1) };
}

// Throws unless one of the JSON Web Keys has signed it.
export function verify(compact, jwks) {
  const { header, claims, input, proof } = parts(compact);
  const jwk = jwks.find(k => k.kid === header.kid);
  assert.ok(jwk, `there is no key ${header.kid}`);
  if (jwk.alg !== undefined) assert.equal(header.alg, jwk.alg);
  assert.ok(header.alg in kinds, header.alg);
  const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
  assert.ok(crypto.verify(kinds[header.alg][2], Buffer.from(input), cryptoOptions(header.alg, key),
    Buffer.from(proof, 'base64url')), 'the signature is wrong');
  return { header, claims };
}

// ---- moods ----

// What a part of the stand-in does instead of answering well, given { request, response, body, good }; good sends
// the answer as it should be, changed by what it is given.
const json = (response, status, body) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(text);
};

export const moods = {
  slow: ms => async x => {
    await sleep(ms);
    x.good();
  },
  hangs: () => {},
  status: code => x => json(x.response, code, { error: { name: 'Error', message: 'no' } }),
  notBackstage: code => x => x.response.writeHead(code, { 'content-type': 'text/plain' }).end('no'),
  redirect: location => x => x.response.writeHead(302, { location }).end(),
  says: text => x => json(x.response, 200, text),
  html: x => x.response.writeHead(200, { 'content-type': 'text/html' }).end('<html>ALLOW</html>'),
  half: x => {
    x.response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 });
    x.response.write('{"items":[{"id":"');
    setTimeout(() => x.response.destroy(), 20);
  },
  drips: x => {
    x.response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => x.response.write(' '), 50);
    x.response.on('close', () => clearInterval(timer));
  },
  resets: x => x.response.destroy(),
  huge: x => x.good(answer => JSON.stringify(answer) + ' '.repeat(1024 * 1024)),
  // The good answer, edited.
  edited: edit => x => x.good(edit),
};

// Holds back all answers until it is opened.
export function gate() {
  let open;
  const opened = new Promise(done => { open = done; });
  return { open, mood: x => opened.then(() => x.good()) };
}

// ---- the stand-in ----

const bearer = request => request.headers.authorization?.match(/^Bearer (\S+)$/)?.[1];

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const KEYS_OF_USERS = '/.well-known/jwks.json';
const KEYS_OF_PLUGIN = '/.backstage/auth/v1/jwks.json';

export async function startBackstage() {
  const standIn = {
    // Whose keys are published now; tests replace them.
    users: [makeKey()],
    plugins: { catalog: [makeKey()], auth: [makeKey()] },
    external: [],
    // One of moods, or null, for each part.
    mood: { users: null, plugins: null, external: null, permission: null, catalog: null },
    emails: {},            // 'user:default/ada': 'ada@example.com', as their entities have them
    entities: [],          // all others of the catalog
    sees: () => true,      // (user, entity): whether the user may read it; services read all
    predicates: true,      // false: the catalog is one from before POST /entities/by-query
    lookups: [],           // { user, method, url, body } of what the catalog was asked about entities
    statics: new Set(),    // tokens of external callers, whom it takes for services
    policies: null,        // what the RBAC plugin lists; null: there is none
    decide: () => 'ALLOW', // ({ user, permission, action }) => result
    requests: [],          // { method, url } of all that came
    questions: [],         // { user, permission, action, token, obo } that the permission backend was asked
    looks: 0,              // times it was asked nothing, by the service itself
    faults: [],            // what was wrong with tokens or questions of the service
    fetches: pattern => standIn.requests.filter(r => pattern.test(r.url)).length,
    forget: () => {
      standIn.requests.length = 0;
      standIn.questions.length = 0;
      standIn.lookups.length = 0;
    },
    serves: service => { standIn.service = service; },
  };

  // The keys of the service, as any other plugin reads them.
  async function keysOfService() {
    await until(() => standIn.service, 'the service says its port');
    const response = await fetch(
      `http://127.0.0.1:${standIn.service.port}/api/spectrocloud/.backstage/auth/v1/jwks.json`);
    assert.equal(response.status, 200);
    return (await response.json()).keys;
  }

  const verifyUser = obo => {
    const { header, claims } = verify(obo, standIn.users.map(k => k.jwk));
    if (header.typ !== TYPES.limited) assert.deepEqual([header.typ, claims.aud], [undefined, 'backstage']);
    assert.ok(claims.exp > now(), 'the user token has expired');
    return claims;
  };

  // The user on whose behalf the service asks; null: it asks for itself.
  async function callerOf(compact, audience) {
    assert.ok(compact, 'no token');
    note(compact);
    if (standIn.statics.has(compact)) return null;
    const { header, claims } = verify(compact, await keysOfService());
    assert.equal(header.typ, TYPES.plugin);
    assert.equal(claims.sub, 'spectrocloud');
    assert.equal(claims.aud, audience);
    assert.ok(claims.iat <= now() && claims.exp > now() && claims.exp <= now() + 3600, 'its times');
    if (claims.obo === undefined) return null;
    const user = verifyUser(note(claims.obo));
    assert.ok(claims.exp <= user.exp, 'it outlives the token of the user');
    return { user: user.sub, obo: claims.obo };
  }

  function questionsOf(body, caller, compact) {
    const { items } = JSON.parse(body);
    assert.ok(Array.isArray(items));
    return items.map(item => {
      assert.deepEqual(Object.keys(item), ['id', 'permission']);
      assert.deepEqual(Object.keys(item.permission), ['type', 'name', 'attributes']);
      assert.equal(item.permission.type, 'basic');
      return { id: item.id, ...caller, token: compact, permission: item.permission.name,
        action: item.permission.attributes.action };
    });
  }

  async function readQuestions(request, body) {
    const compact = bearer(request);
    try {
      assert.equal(request.method, 'POST');
      const caller = await callerOf(compact, 'permission');
      return { caller, questions: questionsOf(body, caller, compact) };
    } catch (error) {
      standIn.faults.push(error);
      throw new Refusal(401, 'AuthenticationError', error.message);
    }
  }

  async function authorize(request, body) {
    const { caller, questions } = await readQuestions(request, body);
    if (caller === null) {
      standIn.looks++;
      throw new Refusal(403, 'NotAllowedError', "This endpoint does not allow 'service' credentials");
    }
    standIn.questions.push(...questions);
    return { items: questions.map(q => ({ id: q.id, result: standIn.decide(q) })) };
  }

  async function policies(request) {
    await callerOfPlugin(request, 'permission');
    if (standIn.policies === null) throw new Refusal(404, null, 'there is no such route');
    return standIn.policies;
  }

  async function callerOfPlugin(request, plugin) {
    try {
      return await callerOf(bearer(request), plugin);
    } catch (error) {
      standIn.faults.push(error);
      throw new Refusal(401, 'AuthenticationError', error.message);
    }
  }

  // A user's own entity; they see no other person's.
  async function person(request, ref) {
    const caller = await callerOfPlugin(request, 'catalog');
    if (caller?.user !== ref || !(ref in standIn.emails))
      throw new Refusal(404, 'NotFoundError', `No entity named '${ref}'`);
    return { kind: 'User', metadata: { name: ref.split('/')[1] },
      spec: { profile: { email: standIn.emails[ref] } } };
  }

  async function entities(request, path, body) {
    const caller = await callerOfPlugin(request, 'catalog');
    const { method, url } = request;
    standIn.lookups.push({ user: caller?.user ?? null, method, url, body });
    const seen = standIn.entities.filter(e => caller === null || standIn.sees(caller.user, e));
    return askCatalog(seen, { method, path, params: new URL(url, 'http://x').searchParams, body,
      type: request.headers['content-type'], predicates: standIn.predicates });
  }

  const keySet = keys => ({ keys: keys.map(k => k.jwk) });

  // Which part of it is meant: [part, () => answer].
  function route(request) {
    const path = new URL(request.url, 'http://x').pathname;
    const plugin = path.match(/\/([\w-]+)\/\.backstage\/auth\/v1\/jwks\.json$/)?.[1];
    if (path.endsWith(`/auth${KEYS_OF_USERS}`)) return ['users', () => keySet(standIn.users)];
    if (path.endsWith(KEYS_OF_PLUGIN) && Object.hasOwn(standIn.plugins, plugin))
      return ['plugins', () => keySet(standIn.plugins[plugin])];
    if (path === '/issuer/keys.json') return ['external', () => keySet(standIn.external)];
    const [, space, name] = path.match(/\/catalog\/entities\/by-name\/user\/([^/]+)\/([^/]+)$/) ?? [];
    if (name) return ['catalog', () => person(request, `user:${space}/${decodeURIComponent(name)}`)];
    const [, below] = path.match(/\/catalog(\/entities(?:\/.*)?)$/) ?? [];
    if (below) return ['catalog', body => entities(request, below, body)];
    if (path.endsWith('/permission/plugins/policies')) return ['permission', () => policies(request)];
    if (path.endsWith('/permission/authorize')) return ['permission', body => authorize(request, body)];
    return [null, () => { throw new Refusal(404, 'NotFoundError', 'nothing here'); }];
  }

  const server = http.createServer(async (request, response) => {
    standIn.requests.push({ method: request.method, url: request.url });
    const [name, answer] = route(request);
    const body = await bodyOf(request);
    let good;
    try {
      const value = await answer(body);
      good = (edit = x => x) => json(response, 200, edit(value));
    } catch (error) {
      good = () => json(response, error.status ?? 500, error.body ?? String(error));
    }
    (standIn.mood[name] ?? (x => x.good()))({ request, response, body, good });
  });
  const listen = async port => {
    server.listen(port, '127.0.0.1');
    await new Promise((done, failed) => server.once('listening', done).once('error', failed));
    server.unref();
  };
  await listen(0);
  const { port } = server.address();
  standIn.url = `http://127.0.0.1:${port}`;
  standIn.again = () => listen(port); // after stop(), as it was
  standIn.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return standIn;
}

// ---- the service beside it ----

// A configuration with this Backstage in it, its permission framework on, and every line logged.
export function beside(backstage, config, { permission = { enabled: true } } = {}) {
  return {
    ...config,
    permission,
    backend: { baseUrl: backstage.url, ...config.backend },
    spectrocloud: { ...config.spectrocloud, telemetry: { logLevel: 'debug' } },
  };
}

export const readiness = service =>
  service.request('GET', '/.backstage/health/v1/readiness', { token: null });

export async function until(condition, what, ms = 10000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    assert.ok(Date.now() < end, `${what}: not within ${ms} ms`);
    await sleep(20);
  }
}

// Ends it by two signals, the second of which cuts off a request that Palette, which is slow, has not answered.
export async function cutOff(service, slow) {
  const pending = service.request('GET', '/api/spectrocloud/projects');
  await until(async () => (await slow.requests()).length > 0, 'Palette is asked');
  process.kill(service.pid, 'SIGTERM');
  await until(() => / stopping /.test(service.log()), 'it stops');
  const ended = service.ended();
  process.kill(service.pid, 'SIGTERM');
  await pending.catch(() => {});
  assert.equal(await ended, 0, service.log());
}

// Starts the service and waits until it has started up.
export async function startBeside(backstage, config, ...options) {
  backstage.serves(null); // it may ask before we know where it listens
  const service = await startService(config, ...options);
  backstage.serves(service);
  await until(async () => !/not started/.test((await readiness(service)).text), 'started up');
  return service;
}

// ---- what is asserted of answers and logs ----

const NAMES = { 401: 'AuthenticationError', 403: 'NotAllowedError', 503: 'ServiceUnavailableError' };

// Backstage's error body, to the byte.
export function assertRefused(answer, status, message, { method = 'GET', url = '/projects' } = {}) {
  assert.equal(answer.status, status, answer.text);
  if (message instanceof RegExp) assert.match(answer.json.error.message, message);
  const body = {
    error: { name: NAMES[status], message: message instanceof RegExp ? answer.json.error.message : message },
    request: { method, url },
    response: { statusCode: status },
  };
  assert.equal(answer.text, JSON.stringify(body));
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  if (status === 401) assert.match(answer.headers['www-authenticate'], /^Bearer realm="spectrocloud"/);
  else assert.equal(answer.headers['www-authenticate'], undefined);
}

export const logLines = (service, event) =>
  service.log().split('\n').filter(line => line.split(/ +/)[2] === event);

// The line about a request, once it has come through the pipe.
export const requestLine = (service, answer) => until(() => service.log().split('\n').find(line =>
  line.includes(` request=${answer.headers['x-request-id']} `) && /^\S+ +\S+ +request /.test(line)),
'the line about the request');

// No token, and no part of one that would do to forge it, is in the log.
export function assertNoTokenIn(log) {
  for (const secret of minted) {
    assert.ok(!log.includes(secret), `a token is in the log: ${secret.slice(0, 60)}`);
    const proof = secret.split('.')[2];
    if (proof?.length > 20) assert.ok(!log.includes(proof), 'a signature is in the log');
  }
}

// The end of a file of tests: the service ends well, has logged no token, and has sent Backstage nothing wrong.
export async function stopBeside(backstage, service) {
  assert.equal(await service.stop(), 0, service.log());
  assertNoTokenIn(service.log());
  assert.deepEqual(backstage.faults.map(String), []);
}
