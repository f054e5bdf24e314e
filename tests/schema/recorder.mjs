// Stands between the service and the simulator. The simulator answers, so that pages and scopes go
// on as in life; Prism is asked about the same bytes on the side.
import http from 'node:http';

import { bytesOf, send } from './wire.mjs';

export async function startRecorder(simulator, prism) {
  const upstream = Number(new URL(simulator.url).port);
  const records = [];
  const server = http.createServer(async (request, response) => {
    const record = { method: request.method, target: request.url, headers: request.headers };
    try {
      const same = { method: request.method, target: request.url, headers: request.rawHeaders,
        body: record.body = await bytesOf(request) };
      records.push(record);
      record.verdict = prism.judge(same).catch(error => [`Prism did not answer: ${error}`]);
      record.answer = await send(upstream, same);
      response.writeHead(record.answer.status, record.answer.rawHeaders);
      response.end(record.answer.body);
    } catch (error) {
      record.broken = error;
      response.destroy();
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    records,
    stop: () => { server.closeAllConnections(); server.close(); },
  };
}
