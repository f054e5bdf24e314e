// What a soak has seen: answers by kind and status, and everything that was wrong.

const MOST_SHOWN = 40;

export class Report {
  constructor() {
    this.answers = new Map(); // kind: { status: count }
    this.checked = 0;         // answers whose content was compared with the truth
    this.wrong = [];
    this.unexplained = [];
    this.explained = {};      // errors by status
    this.counts = { wrong: 0, unexplained: 0 };
    this.tally = {};          // other things worth counting
  }

  answer(kind, status) {
    const row = this.answers.get(kind) ?? {};
    row[status] = (row[status] ?? 0) + 1;
    this.answers.set(kind, row);
  }

  add(name, n = 1) { this.tally[name] = (this.tally[name] ?? 0) + n; }

  #note(list, text) {
    this.counts[list]++;
    if (this[list].length < MOST_SHOWN) this[list].push(`${new Date().toISOString()} ${text}`);
  }

  // faults: sentences; none: all is well.
  check(kind, faults, context) {
    this.checked++;
    if (faults.length > 0)
      this.#note('wrong', `${kind}: ${faults.slice(0, 3).join('; ')}${faults.length > 3 ? `; and ${faults.length - 3} more` : ''}` +
        ` [${context}]`);
  }

  fault(text) { this.#note('wrong', text); }

  explain(status) { this.explained[status] = (this.explained[status] ?? 0) + 1; }

  unexplainedError(text) { this.#note('unexplained', text); }

  get total() {
    let total = 0;
    for (const row of this.answers.values()) for (const n of Object.values(row)) total += n;
    return total;
  }

  get isGood() { return this.counts.wrong === 0 && this.counts.unexplained === 0; }

  lines() {
    const statuses = [...new Set([...this.answers.values()].flatMap(row => Object.keys(row)))].sort();
    const rows = [['', ...statuses], ...[...this.answers].sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, row]) => [kind, ...statuses.map(status => row[status] ?? '')])];
    const widths = rows[0].map((_, i) => Math.max(...rows.map(row => String(row[i]).length)));
    return rows.map(row => row.map((cell, i) =>
      (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  ').trimEnd());
  }
}
