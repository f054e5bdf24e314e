// What a process takes: memory, descriptors, threads; and whether it stays so. Read from /proc.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

const KEPT_KB = 4 * 1024; // growth that is none: a few arenas more or less
const KEPT_PART = 0.05;
const MORE_DESCRIPTORS = 8;
const MORE_THREADS = 2;

// Ports of the TCP sockets of this machine, by inode.
function portsOfSockets() {
  const ports = new Map();
  for (const line of readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (inode) ports.set(inode, [local, remote].map(address => parseInt(address.split(':')[1], 16)));
  }
  return ports;
}

// How many descriptors are of which sort. port: on which it listens.
export function descriptorsOf(pid, port) {
  const ports = portsOfSockets();
  const sorts = { clients: 0, upstream: 0, others: 0 };
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    let target;
    try { target = readlinkSync(`/proc/${pid}/fd/${name}`); } catch { continue; }
    const [local, remote] = ports.get(target.match(/^socket:\[(\d+)\]$/)?.[1]) ?? [];
    if (local === port && remote !== 0) sorts.clients++;
    else if (remote > 0) sorts.upstream++;
    else sorts.others++;
  }
  return sorts;
}

export function measure(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const number = name => Number(status.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))[1]);
  return { at: Date.now(), rssKb: number('VmRSS'), threads: number('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

// Seconds of processor time so far.
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ is 100 on Linux
}

export const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const partOf = (samples, n, parts) =>
  samples.slice(Math.floor(samples.length * n / parts), Math.floor(samples.length * (n + 1) / parts));
const quarter = (samples, n) => partOf(samples, n, 4);

const mediansOf = samples => Object.fromEntries(['rssKb', 'descriptors', 'threads']
  .map(name => [name, median(samples.map(sample => sample[name]))]));

// The first quarter is for warming up; the last must be as the second: not more memory than 5 % or 4 MB, whichever is
// more, nor more descriptors than 8 or threads than 2.
export function growth(samples) {
  const warm = mediansOf(quarter(samples, 1));
  const end = mediansOf(quarter(samples, 3));
  const faults = [];
  const most = Math.max(KEPT_KB, warm.rssKb * KEPT_PART);
  if (end.rssKb - warm.rssKb > most)
    faults.push(`memory grew from ${warm.rssKb} to ${end.rssKb} KB, by more than ${Math.round(most)}`);
  if (end.descriptors - warm.descriptors > MORE_DESCRIPTORS)
    faults.push(`descriptors grew from ${warm.descriptors} to ${end.descriptors}`);
  if (end.threads - warm.threads > MORE_THREADS)
    faults.push(`threads grew from ${warm.threads} to ${end.threads}`);
  const tenths = samples.length < 10 ? [] : Array.from({ length: 10 }, (_, n) => mediansOf(partOf(samples, n, 10)));
  return { warm, end, tenths, faults };
}
