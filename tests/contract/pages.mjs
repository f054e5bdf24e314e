// The pages that people read: their headings, links, code spans and fenced blocks.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const markdown = folder => readdirSync(join(ROOT, folder)).filter(name => name.endsWith('.md'))
  .map(name => join(folder, name)).sort();

// Whose blocks are run, and who besides has links.
export const OPERATORS_PAGES = ['README.md', ...markdown('docs')];
export const ALL_PAGES = [...OPERATORS_PAGES, 'CONTRIBUTING.md', 'CHANGELOG.md', ...markdown('docs/generated'),
  'backstage/session-bridge/README.md', 'sim/README.md'];

export const read = path => readFileSync(join(ROOT, path), 'utf8');

// {page, line, indent, language, info, mark, text}: mark is what a comment `<!-- run: mark -->` above it says.
export function blocksOf(page) {
  const source = read(page);
  return [...source.matchAll(/^(?:<!-- run: (\w+) -->\n)?( *)```(\w*)([^\n]*)\n([^]*?)^\2```$/gm)]
    .map(({ index, 1: mark, 2: indent, 3: language, 4: info, 5: text }) => ({ page, mark, language, info: info.trim(),
      line: source.slice(0, index).split('\n').length, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }));
}

// The page without its fenced blocks.
export const proseOf = page => read(page).replaceAll(/^( *)```[^]*?^\1```$/gm, '');

// `…` in prose. A span may go on in the next line.
export const spansOf = page => [...proseOf(page).matchAll(/(`+)((?:(?!\n\n)[^])*?[^`])\1(?!`)/g)]
  .map(([, , text]) => text.replaceAll(/\s*\n\s*/g, ' '));

// The name that GitHub gives a heading.
const slug = heading => heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim().toLowerCase()
  .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-');

export function anchorsOf(page) {
  const anchors = new Set();
  for (const [, heading] of proseOf(page).matchAll(/^#{1,6} +(.+?) *#*$/gm)) {
    let name = slug(heading);
    for (let i = 1; anchors.has(name); i++) name = `${slug(heading)}-${i}`;
    anchors.add(name);
  }
  return anchors;
}

// What is wrong with the page's links to other places of the repository; none: nothing.
export function badLinksOf(page) {
  const targets = [...proseOf(page).replaceAll(/(`+)[^`]*?\1/g, '').matchAll(/\]\(([^()\s]+)\)/g)].map(([, to]) => to);
  return targets.filter(to => !/^[a-z]+:/.test(to)).flatMap(to => {
    const [path, anchor] = to.split('#');
    const file = path ? relative(ROOT, join(ROOT, dirname(page), path)) : page;
    if (!existsSync(join(ROOT, file))) return [`${page}: ${to}: no such file`];
    if (anchor === undefined) return [];
    const known = statSync(join(ROOT, file)).isFile() && file.endsWith('.md') && anchorsOf(file).has(anchor);
    return known ? [] : [`${page}: ${to}: no such heading`];
  });
}
