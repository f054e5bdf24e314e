// Backstage's tokens, good ones and bad ones, made with keys that the test holds.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = part => JSON.parse(Buffer.from(part, 'base64url'));

export const now = () => Math.floor(Date.now() / 1000);

// An ES256 key pair as PEM files hold it.
export function newKey(kid) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { kid, publicKey, privateKey };
}

const signature = (key, text) =>
  sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    .toString('base64url');

// A compact JWS with exactly this header and payload, signed with ES256.
export function signed(key, header, payload) {
  const text = `${encode(header)}.${encode(payload)}`;
  return `${text}.${signature(key, text)}`;
}

export const headerOf = token => decode(token.split('.')[0]);
export const payloadOf = token => decode(token.split('.')[1]);

// A user token as Backstage's auth plugin makes it, with the proof inside that lets a plugin cut it
// down to a limited one. change: { header, payload } to be merged in.
export function userToken(key, issuer, sub, { iat = now(), exp = iat + 3600, header, payload } = {}) {
  const limited = signed(key,
    { typ: 'vnd.backstage.limited-user', alg: 'ES256', kid: key.kid }, { sub, iat, exp });
  return signed(key,
    { typ: 'vnd.backstage.user', alg: 'ES256', kid: key.kid, ...header },
    { iss: issuer, sub, aud: 'backstage', iat, exp, uip: limited.split('.')[2], ...payload });
}

// The limited token that is inside of a user token.
export function limited(token) {
  const { alg, kid } = headerOf(token);
  const { sub, iat, exp, uip } = payloadOf(token);
  return `${encode({ typ: 'vnd.backstage.limited-user', alg, kid })}.${encode({ sub, iat, exp })}.${uip}`;
}

// The token of plugin sub for plugin aud, on behalf of obo if given.
export function pluginToken(key, { sub, aud, obo, iat = now(), exp = iat + 3600, header, payload }) {
  return signed(key,
    { typ: 'vnd.backstage.plugin', alg: 'ES256', kid: key.kid, ...header },
    { sub, aud, iat, exp, ...(obo ? { obo } : {}), ...payload });
}

// ---- bad ones ----

// Somebody else's name over the same signature.
export function renamed(token, sub) {
  const [header, payload, proof] = token.split('.');
  return `${header}.${encode({ ...decode(payload), sub })}.${proof}`;
}

// One bit of the signature is another.
export function bent(token) {
  const [header, payload, proof] = token.split('.');
  const bytes = Buffer.from(proof, 'base64url');
  bytes[10] ^= 1;
  return `${header}.${payload}.${bytes.toString('base64url')}`;
}

export const unsigned = token =>
  `${encode({ ...headerOf(token), alg: 'none' })}.${token.split('.')[1]}.`;

// Signed with an HMAC whose secret is the public key, which everybody knows.
export function hmac(token, publicKey) {
  const text = `${encode({ ...headerOf(token), alg: 'HS256' })}.${token.split('.')[1]}`;
  return `${text}.${createHmac('sha256', publicKey).update(text).digest('base64url')}`;
}
