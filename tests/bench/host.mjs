// A stand-in for Backstage, as small as can be, so that it costs little beside what is measured: the
// auth plugin's keys, and a permission backend that allows everything. Prints its address and a
// user's token:
//   node host.mjs
import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const kid = 'bench';
const now = Math.floor(Date.now() / 1000);

const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(typ, claims) {
  const signed = `${part({ typ, alg: 'ES256', kid })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed),
    { key: createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

const times = { sub: 'user:default/bench', iat: now, exp: now + 24 * 3600 };
const limited = token('vnd.backstage.limited-user', times);
const user = token('vnd.backstage.user',
  { iss: 'bench', aud: 'backstage', ...times, uip: limited.split('.')[2] });

const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256' }] });

createServer((request, response) => {
  const parts = [];
  request.on('data', data => parts.push(data)).on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'GET') return response.end(keys);
    const items = JSON.parse(Buffer.concat(parts)).items.map(({ id }) => ({ id, result: 'ALLOW' }));
    return response.end(JSON.stringify({ items }));
  });
}).listen(0, '127.0.0.1', function ready() {
  console.log(`listening http://127.0.0.1:${this.address().port}\ntoken ${user}`);
});
