// A Node that the suites run on: they want 22, which may be newer than the one that runs the tests.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WANTED = 22;
const PACKAGED = fileURLToPath(new URL(`node_modules/node-${process.platform}-${process.arch}/bin/node`, import.meta.url));

// The path of one; undefined where there is none.
export function recentNode() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED) return process.execPath;
  return existsSync(PACKAGED) ? PACKAGED : undefined;
}
