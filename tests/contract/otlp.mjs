// A collector: takes spans by OTLP over HTTP with JSON, and nothing that the published JSON mapping does not have.
import assert from 'node:assert/strict';
import http from 'node:http';

const HEX = digits => new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`);
const UINT64 = /^(0|[1-9][0-9]{0,19})$/;
const INT64 = /^(0|-?[1-9][0-9]{0,18})$/;

// The messages of opentelemetry/proto/trace/v1/trace.proto, common/v1 and resource/v1 in their JSON mapping, as far as a
// sender of spans may use them: each member with what its value must be. A member that is not here is a fault.
const string = value => typeof value === 'string';
const uint32 = value => Number.isInteger(value) && value >= 0 && value < 2 ** 32;
const choice = (...numbers) => value => numbers.includes(value);
const match = pattern => value => string(value) && pattern.test(value);
const list = of => value => Array.isArray(value) && value.every(item => message(of, item));
const one = of => value => message(of, value);

const AnyValue = { stringValue: string, boolValue: value => typeof value === 'boolean', intValue: match(INT64),
  doubleValue: value => typeof value === 'number' };
const KeyValue = { key: value => string(value) && value.length > 0,
  value: value => message(AnyValue, value) && Object.keys(value).length === 1 };
const Resource = { attributes: list(KeyValue), droppedAttributesCount: uint32 };
const Scope = { name: string, version: string, attributes: list(KeyValue), droppedAttributesCount: uint32 };
const Status = { message: string, code: choice(0, 1, 2) };
const Span = {
  traceId: match(HEX(32)), spanId: match(HEX(16)), parentSpanId: match(HEX(16)), traceState: string, flags: uint32,
  name: value => string(value) && value.length > 0, kind: choice(1, 2, 3, 4, 5), startTimeUnixNano: match(UINT64),
  endTimeUnixNano: match(UINT64), attributes: list(KeyValue), droppedAttributesCount: uint32, status: one(Status),
};
const ScopeSpans = { scope: one(Scope), spans: list(Span), schemaUrl: string };
const ResourceSpans = { resource: one(Resource), scopeSpans: list(ScopeSpans), schemaUrl: string };
const Request = { resourceSpans: list(ResourceSpans) };
const REQUIRED = new Map([[Span, ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano']],
  [KeyValue, ['key', 'value']], [Request, ['resourceSpans']]]);

function message(of, value) {
  assert.ok(value !== null && typeof value === 'object' && !Array.isArray(value), `no object: ${JSON.stringify(value)}`);
  for (const [name, member] of Object.entries(value)) {
    assert.ok(Object.hasOwn(of, name), `there is no member ${name}: ${JSON.stringify(value)}`);
    assert.ok(of[name](member), `${name} is ${JSON.stringify(member)}`);
  }
  for (const name of REQUIRED.get(of) ?? []) assert.ok(Object.hasOwn(value, name), `no ${name}: ${JSON.stringify(value)}`);
  return true;
}

const valueOf = ({ stringValue, intValue, boolValue, doubleValue }) =>
  stringValue ?? (intValue === undefined ? boolValue ?? doubleValue : Number(intValue));
const attributesOf = list => Object.fromEntries(list.map(({ key, value }) => [key, valueOf(value)]));

export function readRequest(body) {
  const request = JSON.parse(body);
  message(Request, request);
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap(({ scope, spans }) =>
    spans.map(span => {
      assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano), 'it ends before it begins');
      const attributes = attributesOf(span.attributes ?? []);
      assert.equal(Object.keys(attributes).length, span.attributes?.length ?? 0, 'a key comes twice');
      return { ...span, attributes, resource: attributesOf(resource.attributes), scope };
    })));
}

export async function startCollector() {
  const collector = { spans: [], requests: [], bodies: [], faults: [], mood: null };
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts).toString();
    collector.requests.push({ method: request.method, url: request.url, headers: request.headers });
    const good = () => {
      try {
        assert.deepEqual([request.method, request.url], ['POST', '/v1/traces']);
        assert.equal(request.headers['content-type'], 'application/json');
        collector.bodies.push(body);
        collector.spans.push(...readRequest(body));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"partialSuccess":{}}');
      } catch (error) {
        collector.faults.push(error);
        response.writeHead(400).end();
      }
    };
    (collector.mood ?? (x => x.good()))({ request, response, body, good });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  server.unref();
  collector.url = `http://127.0.0.1:${server.address().port}`;
  collector.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return collector;
}
