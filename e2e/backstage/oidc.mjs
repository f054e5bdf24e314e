// Palette as the identity provider that the sign-in module knows, and a browser that is sent there
// and back. Of a session nobody but Palette can verify the signature, so any secret will do.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';

const TENANT = '/v1/oidc/tenant/sim';
const CLIENT = { clientId: 'backstage-e2e', clientSecret: 'e2e-client-secret' };

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

function jwt(alg, claims, signature) {
  const text = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${signature(text).toString('base64url')}`;
}

// A session token of Palette's. No two are the same.
export const newSession = (email, lifetime = 900) =>
  jwt('HS256', { email, jti: randomUUID(), exp: seconds() + lifetime },
    text => createHmac('sha256', "Palette's secret").update(text).digest());

// How the session of who signs in reaches Backstage: as the code itself, or beside the ID token.
export const WAYS = ['code', 'refresh_token'];

// heard: the fields of each request for a token.
export async function startProvider() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map(); // used once
  const heard = [];
  let next;

  const routes = {
    [`GET ${TENANT}/auth`](url) {
      const { client_id, redirect_uri, response_type, scope, state } =
        Object.fromEntries(url.searchParams);
      assert.deepEqual({ client_id, response_type, scope },
        { client_id: CLIENT.clientId, response_type: 'code', scope: 'openid profile email' });
      const code = next.way === 'code' ? next.session : randomUUID();
      codes.set(code, { ...next, redirect_uri });
      return { status: 302, headers: {
        location: `${redirect_uri}?${new URLSearchParams({ code, state })}` } };
    },
    [`POST ${TENANT}/token`](url, body) {
      const fields = Object.fromEntries(new URLSearchParams(body));
      heard.push(fields);
      const person = codes.get(fields.code);
      codes.delete(fields.code);
      assert.ok(person, 'the code is not known');
      assert.deepEqual(fields, { grant_type: 'authorization_code', code: fields.code,
        client_id: CLIENT.clientId, client_secret: CLIENT.clientSecret,
        redirect_uri: person.redirect_uri });
      const claims = { sub: `uid-of-${person.email}`, email: person.email, aud: CLIENT.clientId,
        given_name: 'A', family_name: 'B', iat: seconds(), exp: person.expiresAt };
      return { status: 200, json: {
        id_token: jwt('RS256', claims, text => sign('sha256', Buffer.from(text), privateKey)),
        token_type: 'Bearer',
        expires_in: person.expiresAt - seconds(),
        ...(person.way === 'refresh_token' ? { refresh_token: person.session } : {}),
      } };
    },
  };

  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const url = new URL(request.url, 'http://provider');
    let answer;
    try {
      answer = routes[`${request.method} ${url.pathname}`](url, Buffer.concat(parts).toString());
    } catch (error) {
      answer = { status: 400, json: { error_description: error.message } };
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.json && JSON.stringify(answer.json));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();

  return {
    heard,
    // Backstage's configuration, below auth.providers.spectrocloud.development.
    settings: {
      ...CLIENT,
      authorizationUrl: `http://127.0.0.1:${server.address().port}${TENANT}/auth`,
      signIn: { resolvers: [{ resolver: 'emailMatchingUserEntityProfileEmail' }] },
    },
    // Who signs in next. Without a session there is only the ID token; that is good for lifetime
    // seconds.
    expect({ email, session, way = session ? 'refresh_token' : 'none', lifetime = 900 }) {
      next = { email, session, way, expiresAt: seconds() + lifetime };
      return next;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

// Follows redirects and keeps cookies, as far as the sign-in needs it. Cookies know no port.
export class Browser {
  #jar = new Map(); // name to { value, path }

  cookies() {
    return [...this.#jar.keys()];
  }

  #cookiesFor(url) {
    return [...this.#jar].filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  #keep(response) {
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? '/';
      const over = /;\s*expires=([^;]+)/i.exec(line);
      if (over && Date.parse(over[1]) < Date.now()) this.#jar.delete(name);
      else this.#jar.set(name, { value, path });
    }
  }

  async request(method, address, headers = {}) {
    let url = new URL(address);
    for (let hops = 0; hops < 6; hops++) {
      const cookie = this.#cookiesFor(url);
      const response = await fetch(url,
        { method, redirect: 'manual', headers: { ...headers, ...(cookie ? { cookie } : {}) } });
      this.#keep(response);
      const text = await response.text();
      const location = response.headers.get('location');
      if (!location) return { status: response.status, text, url };
      url = new URL(location, url);
    }
    throw new Error('one redirect after the other');
  }

  // What the popup of the sign-in tells the page: { profile, providerInfo, backstageIdentity }.
  async signIn(backstage) {
    const search = new URLSearchParams(
      { env: 'development', flow: 'popup', scope: 'openid profile email' });
    const { status, text, url } =
      await this.request('GET', `${backstage.url}/api/auth/spectrocloud/start?${search}`);
    assert.equal(url.pathname, '/api/auth/spectrocloud/handler/frame', text);
    assert.equal(status, 200, text);
    const [, message] = /authResponse = decodeURIComponent\('([^']*)'\)/.exec(text);
    const { type, response, error } = JSON.parse(decodeURIComponent(message));
    assert.equal(type, 'authorization_response');
    assert.equal(error, undefined, error?.message);
    return response;
  }

  // What a page that is loaded again asks: who is signed in still?
  async refresh(backstage) {
    return this.request('GET', `${backstage.url}/api/auth/spectrocloud/refresh?env=development`,
      { 'x-requested-with': 'XMLHttpRequest' });
  }

  async signOut(backstage) {
    return this.request('POST', `${backstage.url}/api/auth/spectrocloud/logout?env=development`,
      { 'x-requested-with': 'XMLHttpRequest' });
  }
}
