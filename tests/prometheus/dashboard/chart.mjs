// The charts of a dashboard's panels as SVG.
import { NAMED, configOf, seriesColor, textOf, thresholdColor } from './field.mjs';

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const html = text => String(text).replace(/[&<>"]/g, c => ENTITIES[c]);
const WIDTH_OF_LETTER = 7.2;
const round = number => Math.round(number * 10) / 10;

// ---- axes ----

// Round marks from min to max, about so many.
function marks(min, max, count, unit) {
  const rough = (max - min) / Math.max(count, 1);
  const base = unit === 'bytes' ? 2 : 10;
  const size = base ** Math.floor(Math.log(rough) / Math.log(base));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * size).find(wide => wide >= rough) ?? size * base;
  const list = [];
  for (let mark = Math.ceil(min / step) * step; mark <= max + step / 1e6; mark += step)
    list.push(Number(mark.toPrecision(12)));
  return list;
}

const withoutZeros = text => text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');

const MINUTES = [1, 2, 5, 10, 15, 30, 60, 120, 360, 720, 1440];

function timeMarks({ from, to }, width) {
  const step = 60 * (MINUTES.find(minutes => (to - from) / 60 / minutes * 55 < width) ?? 1440);
  const list = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) list.push(at);
  return list;
}

const clock = seconds => new Date(seconds * 1000).toISOString().slice(11, 16);

// The range of an axis: what is set, else what is there.
function rangeOf(list) {
  const values = list.flatMap(({ tops, points }) => (tops ?? points.map(([, value]) => value)).filter(v => v !== null));
  const { min, max, custom: { axisSoftMax } } = list[0].config;
  const low = Math.min(min ?? Infinity, ...(min === undefined ? values : []));
  let high = max ?? Math.max(axisSoftMax ?? -Infinity, ...values);
  if (!(high > low)) high = low + (high === 0 || !Number.isFinite(high) ? 1 : Math.abs(high) || 1);
  return max === undefined ? [low, high + (high - low) * 0.05] : [low, high];
}

// ---- series ----

// What lies on top of what: each stacked series with its tops and what is below.
function stack(list) {
  const sums = new Map();
  for (const series of list) {
    if (series.config.custom.stacking?.mode !== 'normal') continue;
    series.floors = series.points.map(([time]) => sums.get(time) ?? 0);
    series.tops = series.points.map(([time, value], i) => {
      const top = series.floors[i] + (value ?? 0);
      sums.set(time, top);
      return top;
    });
  }
}

// Points that follow on each other without a gap.
function pieces(series) {
  const list = [];
  let last;
  series.points.forEach(([time, value], i) => {
    if (value === null) { last = undefined; return; }
    if (last === undefined || time - last > series.step * 1.5) list.push([]);
    list.at(-1).push(i);
    last = time;
  });
  return list;
}

const path = points => points.map(([x, y], i) => `${i ? 'L' : 'M'}${round(x)} ${round(y)}`).join('');

function drawBars(series, x, y) {
  const floor = i => (series.floors ? series.floors[i] : Math.max(series.axis.range[0], 0));
  const wide = Math.max((x(series.step) - x(0)) * 0.9, 1);
  return series.points.map(([time, value], i) => {
    if (!value) return '';
    const top = y(floor(i) + value);
    return `<rect x="${round(x(time) - wide / 2)}" y="${round(top)}" width="${round(wide)}" height="${round(y(floor(i)) - top)}" ` +
      `fill="${series.color}" fill-opacity="${(series.config.custom.fillOpacity ?? 0) / 100}"/>`;
  }).join('');
}

function drawSeries(series, x, y) {
  const { custom } = series.config;
  if (custom.drawStyle === 'bars') return drawBars(series, x, y);
  const { color } = series;
  const top = i => y(series.tops ? series.tops[i] : series.points[i][1]);
  const bottom = i => y(series.floors ? series.floors[i] : Math.max(series.axis.range[0], 0));
  return pieces(series).map(indexes => {
    const tops = indexes.map(i => [x(series.points[i][0]), top(i)]);
    if (indexes.length === 1 && custom.showPoints === 'never') return '';
    if (indexes.length === 1)
      return `<circle cx="${round(tops[0][0])}" cy="${round(tops[0][1])}" r="2.5" fill="${color}"/>`;
    const floors = indexes.map(i => [x(series.points[i][0]), bottom(i)]).reverse();
    const dash = custom.lineStyle?.fill === 'dash' ? ' stroke-dasharray="6 4"' : '';
    return `<path d="${path([...tops, ...floors])}Z" fill="${color}" fill-opacity="${(custom.fillOpacity ?? 0) / 100}"/>` +
      `<path d="${path(tops)}" fill="none" stroke="${color}" stroke-width="${custom.lineWidth ?? 1}"${dash}/>`;
  }).join('');
}

// The series of a panel with what holds for each: name, config, color.
export const prepared = (panel, list) => list.map((series, i) => {
  const config = configOf(panel, series);
  return { ...series, config, color: seriesColor(config, i), name: config.displayName ?? series.name };
});

export function timeseries(list, { width, height, range }) {
  stack(list);
  const axes = [];
  for (const series of list) {
    const { unit = 'none', custom } = series.config;
    const side = custom.axisPlacement === 'right' ? 'right' : 'left';
    series.axis = axes.find(axis => axis.unit === unit && axis.side === side) ?? { unit, side, list: [] };
    if (!axes.includes(series.axis)) axes.push(series.axis);
    series.axis.list.push(series);
  }
  const bottom = height - 18;
  for (const axis of axes) {
    axis.range = rangeOf(axis.list);
    axis.marks = marks(...axis.range, bottom / 32, axis.unit);
    axis.texts = axis.marks.map(mark => withoutZeros(textOf({ ...axis.list[0].config, mappings: [] }, mark)));
    axis.room = Math.max(...axis.texts.map(text => text.length)) * WIDTH_OF_LETTER + 8;
  }
  const left = Math.max(10, ...axes.filter(({ side }) => side === 'left').map(({ room }) => room));
  const right = width - Math.max(10, ...axes.filter(({ side }) => side === 'right').map(({ room }) => room));
  const x = time => left + (time - range.from) / (range.to - range.from) * (right - left);
  const yOf = axis => value => bottom - (value - axis.range[0]) / (axis.range[1] - axis.range[0]) * (bottom - 6);
  const parts = [];
  axes.forEach((axis, n) => {
    const at = axis.side === 'left' ? `x="${round(left - 6)}" text-anchor="end"` : `x="${round(right + 6)}"`;
    axis.marks.forEach((mark, i) => {
      const y = round(yOf(axis)(mark));
      if (n === 0) parts.push(`<line class="grid" x1="${round(left)}" x2="${round(right)}" y1="${y}" y2="${y}"/>`);
      parts.push(`<text ${at} y="${y + 4}">${html(axis.texts[i])}</text>`);
    });
  });
  for (const time of timeMarks(range, right - left))
    parts.push(`<line class="grid" x1="${round(x(time))}" x2="${round(x(time))}" y1="6" y2="${bottom}"/>` +
      `<text x="${round(x(time))}" y="${height - 4}" text-anchor="middle">${clock(time)}</text>`);
  for (const series of list) parts.push(drawSeries(series, x, yOf(series.axis)));
  return `<svg width="${width}" height="${height}">${parts.join('')}</svg>`;
}

// Each series is a line of blocks, as long as its value stays.
export function stateTimeline(list, { width, height, range }) {
  const left = Math.min(width / 3, Math.max(...list.map(({ name }) => name.length)) * WIDTH_OF_LETTER + 12);
  const bottom = height - 18;
  const x = time => left + (time - range.from) / (range.to - range.from) * (width - left - 6);
  const parts = [];
  list.forEach((series, row) => {
    const tall = bottom / list.length;
    const y = row * tall + tall * 0.08;
    parts.push(`<text x="${round(left - 6)}" y="${round(y + tall / 2)}" text-anchor="end">${html(series.name)}</text>`);
    const blocks = [];
    for (const [time, value] of series.points) {
      if (blocks.at(-1)?.value !== value) blocks.push({ value, from: time });
      blocks.at(-1).to = time + series.step;
    }
    for (const { value, from, to } of blocks.filter(block => block.value !== null)) {
      const [begin, end] = [x(from), Math.min(x(to), width - 6)];
      const color = thresholdColor(series.config, value);
      parts.push(`<rect x="${round(begin)}" y="${round(y)}" width="${round(Math.max(end - begin, 1))}" ` +
        `height="${round(tall * 0.84)}" fill="${NAMED[color] ?? color}" fill-opacity="0.75"/>`);
      const text = textOf(series.config, value);
      if (text.length * WIDTH_OF_LETTER < end - begin - 8)
        parts.push(`<text class="on" x="${round(begin + 5)}" y="${round(y + tall * 0.42 + 4)}">${html(text)}</text>`);
    }
  });
  for (const time of timeMarks(range, width - left))
    parts.push(`<text x="${round(x(time))}" y="${height - 4}" text-anchor="middle">${clock(time)}</text>`);
  return `<svg width="${width}" height="${height}">${parts.join('')}</svg>`;
}

// A small chart without axes, behind a number.
export function sparkline(series, { width, height, range, color }) {
  const values = series.points.map(([, value]) => value).filter(value => value !== null);
  if (values.length < 2) return '';
  const low = Math.min(series.config.min ?? Infinity, ...values);
  const high = Math.max(...values);
  const x = time => (time - range.from) / (range.to - range.from) * width;
  const y = value => height - 2 - (high > low ? (value - low) / (high - low) : 0.5) * (height - 4);
  const points = series.points.filter(([, value]) => value !== null).map(([time, value]) => [x(time), y(value)]);
  const area = path([[points[0][0], height], ...points, [points.at(-1)[0], height]]);
  return `<svg class="spark" width="${width}" height="${height}"><path d="${area}Z" fill="${color}" fill-opacity="0.25"/>` +
    `<path d="${path(points)}" fill="none" stroke="${color}"/></svg>`;
}
