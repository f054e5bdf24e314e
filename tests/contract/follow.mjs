// A client of server-sent events that is as strict as the standard (WHATWG HTML, 9.2), and says what it cannot take.
import assert from 'node:assert/strict';
import http from 'node:http';

import { until } from './backstage.mjs';
import { TOKEN } from './harness.mjs';

const LONGEST_LINE = 64 * 1024;

// Reads the lines of a stream, as they come, into events, comments and the id to come back with.
function reader(stream) {
  let rest = '';
  let fields = {};
  const line = text => {
    assert.ok(text.length <= LONGEST_LINE, 'a line is too long');
    if (text === '') {
      if (fields.event !== undefined) {
        assert.notEqual(fields.data, undefined, 'an event without data');
        stream.events.push({ type: fields.event, id: stream.id, at: Date.now(), ...{ data: JSON.parse(fields.data) } });
      }
      fields = {};
      return;
    }
    if (text.startsWith(':')) {
      stream.comments.push({ text, at: Date.now() });
      return;
    }
    const [, name, value] = text.match(/^(id|event|data|retry): ([^\r\n\0]*)$/u) ?? assert.fail(`a line: ${text}`);
    assert.equal(fields[name], undefined, `${name} twice in one event`);
    fields[name] = value;
    if (name === 'id') stream.id = value;
    if (name === 'retry') stream.retries.push(Number(value));
  };
  return chunk => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop();
    lines.forEach(line);
  };
}

const open = new Set();

// What a test that failed has left behind.
export function leaveAll() {
  open.forEach(stream => stream.leave());
  open.clear();
}

// Follows; resolves when the head of the answer is there.
export function follow(service, cluster, { token = TOKEN, headers = {}, query = '', lastEventId, read = true } = {}) {
  const stream = { events: [], comments: [], retries: [], id: undefined, ended: false, text: '' };
  const scope = cluster.project ? `&projectUid=${cluster.project}` : '';
  const options = {
    host: '127.0.0.1', port: service.port, agent: false,
    path: `/api/spectrocloud/clusters/${cluster.uid}/events?follow=true${scope}${query}`,
    headers: { authorization: `Bearer ${token}`, ...(lastEventId && { 'last-event-id': lastEventId }), ...headers },
  };
  const of = type => stream.events.filter(event => event.type === type).map(event => event.data);
  Object.assign(stream, {
    of,
    states: () => of('state').map(({ state }) => state),
    uids: () => of('component').map(({ uid }) => uid),
    end: (ms = 20000) => until(() => stream.ended && { ...of('end')[0] }, 'the end of the stream', ms),
    until: (type, count = 1, ms = 20000) => until(() => of(type).length >= count && of(type),
      `${count} of ${type}`, ms),
  });
  return new Promise((resolve, reject) => {
    const request = http.request(options, response => {
      const feed = reader(stream);
      stream.status = response.statusCode;
      stream.headers = response.headers;
      stream.response = response;
      response.setEncoding('utf8');
      const take = chunk => {
        stream.text += chunk;
        if (stream.status === 200) {
          try { feed(chunk); } catch (error) { stream.fault = error; request.destroy(); }
        }
      };
      if (read) response.on('data', take);
      response.on('end', () => { stream.ended = true; });
      response.on('error', () => { stream.broken = true; });
      if (stream.status === 200) resolve(stream);
      else response.on('end', () => { stream.json = JSON.parse(stream.text); resolve(stream); });
    });
    stream.leave = () => request.destroy();
    open.add(stream);
    request.on('error', error => { if (!stream.status) reject(error); });
    request.end();
  });
}
