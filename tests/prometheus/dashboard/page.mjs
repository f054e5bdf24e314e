// A dashboard as one HTML page: its panels where Grafana's grid has them, drawn from what a Prometheus says.
import { ask, panelsOf, pixels, placed, variables } from './ask.mjs';
import { html, prepared, sparkline, stateTimeline, timeseries } from './chart.mjs';
import { CALCS, NAMED, textOf, thresholdColor } from './field.mjs';

const TITLE = 32; // a panel's head
const PADDING = 8;
const LEGEND_LINE = 20;

const STYLE = `
:root { --page: #f4f5f5; --panel: #fff; --edge: #e2e3e6; --text: #24292e; --faint: #6b6f76; --grid: #24292e14 }
@media (prefers-color-scheme: dark) {
  :root { --page: #111217; --panel: #181b1f; --edge: #25272e; --text: #ccccdc; --faint: #9a9aa8; --grid: #ccccdc12 } }
* { box-sizing: border-box }
body { margin: 16px; background: var(--page); color: var(--text); font: 12px "Liberation Sans", Arial, sans-serif }
h1 { font-size: 18px; font-weight: 500; margin: 0 0 12px; display: flex; gap: 10px; align-items: center }
h1 span { font-size: 12px; font-weight: 400; border: 1px solid var(--edge); background: var(--panel); padding: 6px 8px }
h1 .range { margin-left: auto }
main { position: relative }
section { position: absolute; background: var(--panel); border: 1px solid var(--edge); border-radius: 2px; overflow: hidden }
section.row { background: none; border: 0; font-size: 16px; font-weight: 500; padding-top: 6px }
h2 { font-size: 14px; font-weight: 500; margin: 0; padding: 8px 8px 0; height: ${TITLE}px; white-space: nowrap }
h2 i { font: italic 11px Georgia, serif; border: 1px solid; border-radius: 50%; padding: 0 5px; color: var(--faint);
  margin-left: 4px }
.body { position: absolute; left: ${PADDING}px; top: ${TITLE}px; display: flex; flex-direction: column }
.right { flex-direction: row }
svg { display: block; flex: none }
text { fill: var(--faint); font-size: 11px } text.on { fill: #111; font-size: 12px }
.grid { stroke: var(--grid) }
ul { list-style: none; margin: 0; padding: 2px 0 0; overflow: hidden; display: flex; flex-wrap: wrap;
  align-content: flex-start; gap: 0 12px }
li { white-space: nowrap; line-height: ${LEGEND_LINE}px; color: var(--faint) }
b { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px; vertical-align: middle }
.legend { overflow: hidden; flex: 1; padding-left: 8px }
table { border-collapse: collapse; width: 100%; color: var(--faint) }
td, th { text-align: right; font-weight: 400; padding: 0 4px; line-height: ${LEGEND_LINE}px; white-space: nowrap }
td:first-child, th:first-child { text-align: left; width: 100%; max-width: 0; overflow: hidden; text-overflow: ellipsis }
th { color: #5794f2 }
.none { display: grid; place-items: center; width: 100%; height: 100%; color: var(--faint); font-size: 14px }
.stats { position: absolute; inset: ${TITLE}px 0 0; display: flex; gap: 2px; padding: 4px }
.stat { position: relative; flex: 1; border-radius: 2px; display: grid; place-content: center; text-align: center;
  overflow: hidden }
.stat strong { font-weight: 500; position: relative } .stat small { position: relative; font-size: 14px }
.spark { position: absolute; left: 0; bottom: 0 }
`;

// ---- stat ----

function stats(panel, list, size, range) {
  const { reduceOptions, colorMode = 'value', graphMode = 'area', orientation = 'auto', textMode = 'auto' } = panel.options;
  const across = orientation === 'vertical' || (orientation === 'auto' && size.width > size.height);
  const [w, h] = across ? [size.width / list.length, size.height] : [size.width, size.height / list.length];
  const cells = list.map(series => {
    const value = CALCS[reduceOptions.calcs[0]][1](series);
    const named = thresholdColor(series.config, value ?? 0);
    const color = NAMED[named] ?? named;
    const filled = colorMode === 'background';
    const text = textOf(series.config, value);
    const name = textMode === 'value_and_name' || (textMode === 'auto' && list.length > 1) ? series.name : '';
    const px = Math.min(h * (name ? 0.32 : 0.42), (w - 12) / (text.length * 0.6), 64);
    const small = Math.max(9, Math.min(14, (w - 8) / (name.length * 0.55 || 1)));
    const chart = graphMode === 'area' ? sparkline(series, { width: Math.round(w), height: Math.round(h / 3), range,
      color: filled ? '#fff' : color }) : '';
    return `<div class="stat" style="${filled ? `background:${color};color:#111` : `color:${color}`}">${chart}` +
      `${name && `<small style="font-size:${small}px">${html(name)}</small>`}` +
      `<strong style="font-size:${Math.round(px)}px">${html(text)}</strong></div>`;
  });
  return `<div class="stats" style="flex-direction:${across ? 'row' : 'column'}">${cells.join('')}</div>`;
}

// ---- legends: a list below the chart, or a table at its right ----

const swatch = color => `<b style="background:${color}"></b>`;

function legendList(list) {
  return `<ul>${list.map(({ color, name }) => `<li>${swatch(color)}${html(name)}</li>`).join('')}</ul>`;
}

function legendTable(list, { calcs = [], sortBy, sortDesc }) {
  const sorted = [...list];
  const by = calcs.find(calc => CALCS[calc][0] === sortBy);
  const of = series => CALCS[by][1](series) ?? -Infinity;
  if (by) sorted.sort((a, b) => (sortDesc ? of(b) - of(a) : of(a) - of(b)));
  const rows = sorted.map(series => `<tr><td>${swatch(series.color)}${html(series.name)}</td>${calcs.map(calc =>
    `<td>${html(textOf(series.config, CALCS[calc][1](series)))}</td>`).join('')}</tr>`);
  return `<table><tr><th>Name</th>${calcs.map(calc => `<th>${CALCS[calc][0]}</th>`).join('')}</tr>${rows.join('')}</table>`;
}

// How tall a legend below a chart is: as many lines as the names need, a third of the panel at most.
function legendHeight(list, size) {
  let lines = 1;
  let used = 0;
  for (const { name } of list) {
    const wide = name.length * 6.2 + 34;
    if (used + wide > size.width) { lines++; used = 0; }
    used += wide;
  }
  return Math.min(lines * LEGEND_LINE + 2, size.height * 0.35);
}

export const knowsLegend = ({ showLegend, placement, displayMode, width }) => !showLegend ||
  (placement === 'bottom' ? displayMode === 'list' : displayMode === 'table' && width > 0);

function chart(panel, list, size, range) {
  const draw = panel.type === 'state-timeline' ? stateTimeline : timeseries;
  const { legend } = panel.options;
  if (!legend?.showLegend) return `<div class="body">${draw(list, { ...size, range })}</div>`;
  if (legend.placement === 'right') {
    const width = Math.min(size.width * 0.6, legend.width);
    return `<div class="body right" style="width:${size.width}px;height:${size.height}px">` +
      `${draw(list, { ...size, width: Math.round(size.width - width), range })}` +
      `<div class="legend">${legendTable(list, legend)}</div></div>`;
  }
  const below = Math.round(legendHeight(list, size));
  return `<div class="body">${draw(list, { ...size, height: size.height - below, range })}` +
    `<div style="width:${size.width}px;height:${below}px;overflow:hidden">${legendList(list)}</div></div>`;
}

// ---- panels ----

export const TYPES = ['row', 'stat', 'timeseries', 'state-timeline'];

async function panelOf(panel, { api, values, range, width, scrapeSeconds }) {
  const at = placed(panel.gridPos, width);
  const outer = pixels(panel.gridPos, width);
  const style = `style="left:${at.left}px;top:${at.top}px;width:${outer.width}px;height:${outer.height}px"`;
  if (panel.type === 'row') return `<section class="row" ${style}>⌄ ${html(panel.title)}</section>`;
  if (!TYPES.includes(panel.type)) throw new Error(`${panel.title}: there is nothing that draws a ${panel.type}`);
  const size = { width: outer.width - 2 * PADDING - 2, height: outer.height - TITLE - PADDING - 2 };
  const answers = await Promise.all(panel.targets.map(target =>
    ask(api, target, values, { range, width: outer.width, scrapeSeconds })));
  const list = prepared(panel, answers.flatMap((found, i) =>
    found.map(series => ({ ...series, refId: panel.targets[i].refId }))));
  const hint = panel.description ? `<i title="${html(panel.description)}">i</i>` : '';
  const none = `<div class="body" style="width:${size.width}px;height:${size.height}px"><div class="none">${
    html(panel.fieldConfig.defaults.noValue ?? 'No data')}</div></div>`;
  const inside = list.length === 0 ? none
    : panel.type === 'stat' ? stats(panel, list, size, range) : chart(panel, list, size, range);
  return `<section ${style}><h2>${html(panel.title)}${hint}</h2>${inside}</section>`;
}

const clock = seconds => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

// range: { from, to } in seconds; api: what asks Prometheus; choices: of variables.
export async function page(dashboard, { api, range, width = 1500, scrapeSeconds, choices }) {
  const { values, found } = await variables(dashboard, api, range, choices);
  const sections = [];
  for (const panel of panelsOf(dashboard))
    sections.push(await panelOf(panel, { api, values, range, width, scrapeSeconds }));
  const height = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => (y + h) * 38));
  const chosen = found.map(({ label, shown }) => `<span>${html(label)}: ${html(shown)}</span>`).join('');
  const title = html(dashboard.title);
  return `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style>` +
    `<h1>${title} ${chosen}<span class="range">${clock(range.from)} to ${clock(range.to).slice(11)} UTC</span></h1>` +
    `<main style="width:${width}px;height:${height}px">${sections.join('\n')}</main></html>\n`;
}
