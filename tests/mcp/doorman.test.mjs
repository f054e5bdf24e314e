// The proxy adds what it is told and changes nothing else.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { startDoorman } from './doorman.mjs';

let house;
let doorman;
const seen = [];
let left;

before(async () => {
  house = http.createServer((asked, answer) => {
    let body = '';
    asked.setEncoding('utf8').on('data', text => { body += text; });
    asked.on('end', () => {
      seen.push({ method: asked.method, path: asked.url, headers: asked.headers, body });
      if (asked.url === '/slow') {
        answer.on('close', () => left());
        answer.writeHead(200).write('first');
        return;
      }
      answer.writeHead(202, { 'X-Answer': 'yes' }).end(`said ${body}`);
    });
  });
  await new Promise(resolve => house.listen(0, '127.0.0.1', resolve));
  doorman = await startDoorman(`http://127.0.0.1:${house.address().port}`, { Authorization: 'Bearer t' });
});

after(async () => {
  await doorman.stop();
  house.closeAllConnections();
  await new Promise(resolve => house.close(resolve));
});

function send(path, headers, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(doorman.url(path), { method: 'POST', headers }, answer => {
      let text = '';
      answer.setEncoding('utf8').on('data', piece => { text += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

test('a request gets the header, and keeps all others', async () => {
  const answer = await send('/mcp?x=1', { Host: 'evil.example', Origin: 'http://evil.example', 'Mcp-Name': ' a ' }, '{}');
  const { method, path, headers, body } = seen.at(-1);
  assert.deepEqual([method, path, body], ['POST', '/mcp?x=1', '{}']);
  assert.equal(headers.authorization, 'Bearer t');
  assert.equal(headers.host, 'evil.example');
  assert.equal(headers.origin, 'http://evil.example');
  assert.equal(headers['mcp-name'], 'a');
  assert.deepEqual([answer.status, answer.text, answer.headers['x-answer']], [202, 'said {}', 'yes']);
});

test('a header of that name is replaced', async () => {
  await send('/', { AUTHORIZATION: 'Bearer mine' }, '');
  assert.equal(seen.at(-1).headers.authorization, 'Bearer t');
});

test('who leaves is gone on the other side too', async () => {
  const gone = new Promise(resolve => { left = resolve; });
  const request = http.request(doorman.url('/slow'), { method: 'POST' }, answer => answer.once('data', () => request.destroy()));
  request.on('error', () => {});
  request.end();
  await gone;
});
