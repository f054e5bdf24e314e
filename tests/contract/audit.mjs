// The audit trail as it is documented, and as it is written.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');

// The tables of the page: rows of cells, without the code marks.
const page = spawnSync(BACKEND, ['docs', 'audit'], { encoding: 'utf8' }).stdout;
const cells = part => part.split('\n').filter(line => line.startsWith('| ')).slice(1)
  .map(line => line.split(' | ').map(cell => cell.replace(/^\| |\|$|`/g, '').trim()));
const section = title => page.split(`## ${title}\n`)[1].split('\n## ')[0];

// { event, severity, tool | method + path }, of the operations alone.
export const documentedEvents = () => cells(section('Events')).map(([event, severity, operation]) => ({
  event, severity,
  ...(operation.startsWith('tool ') ? { tool: operation.slice(5) }
    : /^[A-Z]+ \//.test(operation) && { method: operation.split(' ')[0], path: operation.split(' ')[1] }),
}));

// Names of all fields, as "actor.ip".
export const documentedFields = () => cells(section('Fields')).map(([name]) => name);

// The lines of a file; one that is no whole line of JSON fails.
export function trailIn(...files) {
  return files.filter(file => existsSync(file)).flatMap(file => {
    const text = readFileSync(file, 'utf8');
    assert.ok(text === '' || text.endsWith('\n'), `${file} ends in the middle of a line`);
    return text.split('\n').slice(0, -1).map(line => {
      try {
        return JSON.parse(line);
      } catch {
        assert.fail(`a torn line in ${file}: ${line}`);
      }
    });
  });
}

export const namesIn = event => Object.entries(event).flatMap(([name, value]) =>
  (typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).map(inner => `${name}.${inner}`) : [name]));
