// Asks a Prometheus what Grafana would ask it for a dashboard: variables from label_values(), Grafana's own variables in
// the expressions, and the step that a panel's width and the time range give.

const GRID = { columns: 24, cell: 30, margin: 8 };
const LONGEST = 11000; // points that Prometheus gives of a series

export const pixels = ({ w, h }, width) => ({
  width: Math.round(w * (width + GRID.margin) / GRID.columns - GRID.margin),
  height: h * GRID.cell + (h - 1) * GRID.margin,
});
export const placed = ({ x, y }, width) => ({
  left: Math.round(x * (width + GRID.margin) / GRID.columns),
  top: y * (GRID.cell + GRID.margin),
});

// All panels in their order, those of collapsed rows, too.
export const panelsOf = dashboard => dashboard.panels.flatMap(panel => [panel, ...(panel.panels ?? [])]);

// ---- steps ----

const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

// The time between two points, in seconds: a round one that gives about a point for each pixel, and never less than the
// time between two scrapes.
export function stepOf({ from, to }, width, scrapeSeconds) {
  const wanted = (to - from) / width;
  const round = STEPS.find((step, i) => wanted < (step + (STEPS[i + 1] ?? step)) / 2) ?? STEPS.at(-1);
  return Math.max(round, scrapeSeconds, Math.ceil((to - from) / LONGEST));
}

// Four scrapes at least, so that a rate has always two samples.
export const rateInterval = (step, scrapeSeconds) => Math.max(step + scrapeSeconds, 4 * scrapeSeconds);

// ---- variables ----

const escaped = value => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\\\$&');

// As it stands in a matcher: of several values, and where all are chosen, a regular expression.
function written({ multi, includeAll, allValue }, values, all) {
  if (all && allValue) return allValue;
  if (!multi && !includeAll) return values[0].replace(/\\/g, '\\\\').replace(/"/g, '\\"');
  return values.length === 1 ? escaped(values[0]) : `(${values.map(escaped).join('|')})`;
}

const replaced = (text, values) => text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced, plain) => {
  const name = braced ?? plain;
  if (!(name in values)) throw new Error(`there is no variable ${whole}: ${text}`);
  return values[name];
});

async function labelValues(api, query, { from, to }) {
  const [, series, label] = query.match(/^label_values\((?:(.+), *)?(\w+)\)$/) ?? [];
  if (!label) throw new Error(`no query of a variable: ${query}`);
  const params = new URLSearchParams({ start: from, end: to, ...(series && { 'match[]': series }) });
  return api(`label/${label}/values?${params}`);
}

// What the variables of the dashboard can be, and are: [{ name, label, options, value }]. choices: of some, what a user has
// chosen; else what the dashboard says, or the first.
export async function variables(dashboard, api, range, choices = {}) {
  const values = {};
  const found = [];
  for (const variable of dashboard.templating.list) {
    const { name, label, type, query, current } = variable;
    if (type === 'datasource') {
      values[name] = 'prometheus';
      continue;
    }
    const options = await labelValues(api, replaced(query.query, values), range);
    if (options.length === 0) throw new Error(`$${name} can be nothing`);
    const all = !(name in choices) && current?.value === '$__all';
    const chosen = choices[name] ?? (all || !options.includes(current?.value) ? options : [current.value]);
    values[name] = written(variable, variable.multi ? chosen : chosen.slice(0, 1), all);
    found.push({ name, label, options, shown: all ? 'All' : chosen.join(' + ') });
  }
  return { values, found };
}

// ---- queries ----

export function expressionOf(target, values, { step, scrapeSeconds, range }) {
  return replaced(target.expr, { ...values,
    __rate_interval: `${rateInterval(step, scrapeSeconds)}s`,
    __interval: `${step}s`,
    __range: `${Math.round(range.to - range.from)}s`,
  });
}

// {{label}} in a legend; without one, the labels.
export function legendOf({ legendFormat }, metric) {
  if (legendFormat) return legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => metric[label] ?? '');
  const { __name__: name = '', ...labels } = metric;
  const list = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).join(', ');
  return list ? `${name}{${list}}` : name || 'Value';
}

// A target's series: [{ name, metric, points: [[seconds, value]] }]. What is no number is null.
export async function ask(api, target, values, { range, width, scrapeSeconds }) {
  const step = stepOf(range, width, scrapeSeconds);
  const query = expressionOf(target, values, { step, scrapeSeconds, range });
  const number = text => (Number.isFinite(Number(text)) ? Number(text) : null);
  const { result } = target.instant
    ? await api(`query?${new URLSearchParams({ query, time: range.to })}`)
    : await api(`query_range?${new URLSearchParams({ query, step,
      start: Math.floor(range.from / step) * step, end: Math.floor(range.to / step) * step })}`);
  return result.map(({ metric, value, values: points }) => ({
    name: legendOf(target, metric), metric, step,
    points: (points ?? [value]).map(([time, text]) => [time, number(text)]),
  }));
}
