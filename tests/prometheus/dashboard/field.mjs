// How a value of a panel reads and looks: its unit, its thresholds and mappings, and what is overridden for some series. As
// Grafana has it, defaults included.

// ---- units ----

// Three digits that count, or all of a whole number: so does Grafana's own getValueFormat().
function digits(value, decimals) {
  if (decimals !== undefined) return value.toFixed(decimals);
  if (Number.isInteger(value)) return String(value);
  const before = Math.floor(Math.log10(Math.abs(value))) + 1;
  return value.toFixed(Math.min(Math.max(3 - before, 0), 8));
}

const scaled = (steps, space) => (value, decimals) => {
  const [size, word] = steps.find(([from]) => Math.abs(value) >= from) ?? steps.at(-1);
  return `${digits(value / size, decimals)}${word && space + word}`;
};
const thousands = [[1e12, 'Tri'], [1e9, 'Bil'], [1e6, 'Mil'], [1e3, 'K'], [1, '']];
const TIMES = [[31557600, 'years'], [604800, 'weeks'], [86400, 'days'], [3600, 'hours'], [60, 'mins'], [1, 's'], [1e-3, 'ms'],
  [1e-6, 'µs']];
const perSecond = word => (value, decimals) =>
  `${scaled([[1e9, 'B'], [1e6, 'M'], [1e3, 'K'], [1, '']], '')(value, decimals)} ${word}/s`;

const UNITS = {
  none: digits,
  short: scaled(thousands, ' '),
  reqps: perSecond('req'),
  ops: perSecond('ops'),
  percentunit: (value, decimals) => `${digits(value * 100, decimals)}%`,
  bytes: scaled([[2 ** 40, 'TiB'], [2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [1024, 'KiB'], [1, 'B']], ' '),
  s: (value, decimals) => (value === 0 ? '0 s' : scaled(TIMES, ' ')(value, decimals)),
};
export const knowsUnit = unit => unit in UNITS;

// ---- what is set for a series ----

function set(config, path, value) {
  const names = path.split('.');
  const last = names.pop();
  let at = config;
  for (const name of names) at = at[name] ??= {};
  at[last] = value;
}

// Without slashes it is for the whole name.
function pattern(text) {
  const [, inside] = text.match(/^\/(.*)\/$/) ?? [];
  return new RegExp(inside ?? `^${text}$`);
}

const MATCHERS = {
  byName: (options, series) => series.name === options,
  byRegexp: (options, series) => pattern(options).test(series.name),
  byFrameRefID: (options, series) => series.refId === options,
};
export const knowsMatcher = id => id in MATCHERS;
export const matches = ({ id, options }, series) => MATCHERS[id](options, series);

const NO_THRESHOLDS = { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: 80 }] };

// The configuration that holds for one series of a panel.
export function configOf(panel, series) {
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const config = structuredClone({ thresholds: NO_THRESHOLDS, ...defaults, custom: { ...defaults.custom } });
  for (const { matcher, properties } of overrides)
    if (matches(matcher, series))
      for (const { id, value } of properties) set(config, id, value);
  return config;
}

const mapped = (config, value) => (config.mappings ?? []).filter(({ type }) => type === 'value')
  .map(({ options }) => options[String(value)]).find(Boolean);

export function textOf(config, value) {
  if (value === null || value === undefined) return config.noValue ?? 'No data';
  return mapped(config, value)?.text ?? (UNITS[config.unit ?? 'none'])(value, config.decimals);
}

export function thresholdColor(config, value) {
  const own = mapped(config, value)?.color;
  return own ?? config.thresholds.steps.findLast(step => step.value === null || value >= step.value)?.color;
}

// ---- reduced to one number ----

const present = series => series.points.map(([, value]) => value).filter(value => value !== null);
const ofSome = reduce => series => (present(series).length ? reduce(present(series)) : undefined);

export const CALCS = {
  lastNotNull: ['Last *', ofSome(values => values.at(-1))],
  min: ['Min', ofSome(values => Math.min(...values))],
  max: ['Max', ofSome(values => Math.max(...values))],
  mean: ['Mean', ofSome(values => values.reduce((a, b) => a + b, 0) / values.length)],
};

// ---- colours ----

export const NAMED = { green: '#73bf69', yellow: '#f2cc0c', red: '#f2495c', orange: '#ff9830', blue: '#5794f2',
  purple: '#b877d9' };
const PALETTE = ['#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#5794f2', '#b877d9', '#705da0', '#37872d', '#fade2a',
  '#447ebc', '#c15c17', '#890f02', '#0a437c', '#6d1f62', '#584477', '#b7dbab', '#f4d598', '#70dbed', '#f9ba8f', '#f29191',
  '#82b5d8', '#e5a8e2', '#aea2e0', '#629e51', '#e5ac0e', '#64b0c8', '#e0752d', '#bf1b00', '#0a50a1', '#962d82', '#614d93'];

// A little lighter or darker, so that series of one colour can be told apart.
function shade(color, index) {
  const factor = [1, 0.72, 1.25, 0.55, 1.45][index % 5];
  const parts = color.match(/[0-9a-f]{2}/g).map(part => Math.min(255, Math.round(parseInt(part, 16) * factor)));
  return `#${parts.map(part => part.toString(16).padStart(2, '0')).join('')}`;
}

// index: its place among the series of its panel.
export function seriesColor(config, index) {
  const { mode, fixedColor } = config.color ?? {};
  if (mode === 'fixed') return NAMED[fixedColor] ?? fixedColor;
  if (mode === 'shades') return shade(NAMED[fixedColor] ?? fixedColor, index);
  return PALETTE[index % PALETTE.length];
}
