// Prints tests/unit/base/glob_cases.h: what the npm package minimatch says of these patterns.
//   node glob_cases.mjs FOLDER > glob_cases.h     FOLDER/node_modules has minimatch
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.resolve(process.argv[2] ?? '.', 'package.json'));
const { Minimatch } = require('minimatch');
const { version } = require('minimatch/package.json');

const origins = [
  'https://example.com', 'https://a.example.com', 'https://a.b.example.com', 'http://a.example.com',
  'https://A.EXAMPLE.com', 'https://a.example.com:8443', 'https://example.com.evil.test',
  'https://evil.test/.example.com', 'https://aexample.com', 'https://.example.com',
  'http://localhost:3000', 'http://localhost:7007', 'http://localhost', 'null', '', 'https:',
  'https:///a.example.com', 'https://a.example.com/',
];
const ids = [
  'spectrocloud:list_clusters', 'spectrocloud:list_cloud_accounts', 'spectrocloud:get_kubeconfig',
  'spectrocloud:', 'spectrocloud', 'catalog:list_entities', 'Spectrocloud:List_clusters',
];
const names = [
  '', 'a', 'b', 'c', 'ab', 'ba', 'abc', 'aab', 'aaa', 'abab', 'cd', '.', '..', '.a', '.ab', 'a.b',
  'a.js', 'a.ts', 'x.js', '.js', 'a/b', 'a/b/', 'a/b/c', 'a/x/b', 'a/x/y/b', 'a/.x/b', 'a/', '/a',
  '//a', 'A', 'AB', '1', '2', '02', '10', '-', '_', '^', ']', '[', '!', '#a', '\\', '*', '{a}', '{a',
  'a,b', '(a)', '+(a)', '!(a)', '@()', '$', '${a,b}',
];
const nocase = 'GLOB_NOCASE';
const asOrigin = 'GLOB_NOCASE | GLOB_NO_GLOBSTAR';

const groups = [
  ['origins', asOrigin, origins, [
    'https://example.com', 'https://*.example.com', 'HTTPS://*.Example.COM', 'https://**.example.com',
    'https://*', 'https://**', '*', '**', '*://*', '**/*', 'http{,s}://*.example.com',
    'https://{,*.}example.com', 'http://localhost:{3000,7007}', 'http://localhost:{3000..3002}',
    'http://localhost?(:*)', 'http://localhost:+([0-9])', 'https://a.example.com*',
    'https://a.example.com?(:+([[:digit:]]))', 'https://@(a|b).example.com', 'https://!(evil).example.com',
    'https://!(a).example.com', 'https://[a-c].example.com', 'https://[!a].example.com',
    '!https://a.example.com', '!!https://a.example.com', '#https://a.example.com', '!#a', 'null', 'NULL',
    'https://*.example.com/', '/https://*', 'https:/a.example.com', 'https://x/../a.example.com',
    'https://?.example.com', 'https://??example.com', 'https://*.*.example.com', 'https://.example.com',
    'https://.*.com', '',
  ]],
  ['ids', '0', ids, [
    'spectrocloud:list_*', 'spectrocloud:*', 'spectrocloud*', '*:list_*', '*', '**', 'spectrocloud:',
    'spectrocloud:{list,get}_*', 'spectrocloud:!(list_*)', 'spectrocloud:@(list|get)_*', '!spectrocloud:*',
    'spectrocloud:[gl]*', 'spectrocloud:list_c?usters', '*_clusters', 'spectrocloud:+([a-z_])',
    'spectrocloud%3A*', 'spectrocloud:list_{clusters,cloud_accounts}', '[[:lower:]]*:*', '*/*', '**/*',
  ]],
  ['names', '0', names, [
    'a', 'a*', '*a', '?', '??', '*b*', '*.js', '*.*', '.*', '..*', '.?', '?*', '***', '*.[jt]s', 'a\\*', '\\a',
    '\\*', '*\\.js', '?\\.js', '\\', 'a\\', '[ab]', '[!ab]', '[^ab]', '[a-c]', '[c-a]', '[c-ab]', '[]]', '[!]]', '[a-]',
    '[-a]', '[\\]a]', '[a', 'a]', '[]', '[!]', '[^]', '[a^]', '[[]', '[[:alpha:]]', '[![:alpha:]]',
    '[[:digit:][:punct:]]', '[[:graph:]]*', '[a[:graph:]]*', '[[:nope:]]', '[a-[:digit:]]', '[[:print:]]',
    '[[:space:]_]', '[[:upper:]]', '[[:alpha:]', '[.]a', '[*]', '[!.]*', '[\\^]',
    '{a,b}', '{a,b}c', 'a{,b}', '{,a}', '{a}', '{a,b', '{a},b}', '{{a,b}}', '{a{b,c},d}', '{}', '{},a',
    '{1..3}', '{01..3}', '{3..1}', '{0..10..5}', '{a..c}', '{c..a..2}', '{a..c', '{1..a}', '${a,b}', '\\{a}', '{a\\,b}',
    '{a,b/c}', '{a/,}b', '{\\*,b}',
    '?(a)', '?(a)b', '*(a|b)', '+(a|b)', '@(a|b)', '@(a|b)*', '!(a)', '!(a|b)', '!(a)*', 'a!(b)', '!(*.js)', '*.!(js)',
    '@(!(a))', 'x@(!(b)|c)', 'a!(b|c)b', '+(a)b', '*(ab)', '+(ab|c)', '?(.a|b)', '@(*|.a)', '*(?)', '+(*)', '*(.|a)',
    '+(a|+(b|c))', '*(a|@(b|c)|d)', '@(a|+(b|!(c)))', '@(?(a)|b)', '+(?(a)|b)', '@(a|b', '+(a', '@()', '!()', '?()',
    'a@()', '@(|a)', '@(a|)', '.!()', '\\@(a)', '@\\(a)', '@(\\)|a)', '@([)]|a)', '+(a|b)/c', '@(a/b)',
    '!a', '!!a', '!', '!!', '#a', '\\#a', '!#a', '!(a', '\\!(a)',
    'a/b', 'a//b', '/a', '//a', 'a/', 'a/*', 'a/*/b', '*/b', 'a/..', 'a/../b', '../a', './a', 'a/./b', '.', '..',
    '**', '**/b', 'a/**', 'a/**/b', '**/x/**', '**/a/**/b', 'a/**/**/b', '**/*', '**/.x/**', '*/**', 'a**', 'a/**/../b',
    '**/**', 'a/**/', '**/a/*/**/b', '**/b/**',
    'a/!(b)!()?*', 'a/!(b)?(c)*', '*!(b)', '*(a)!(b)c',
  ]],
  ['paths', 'GLOB_NO_GLOBSTAR', ['a', 'a/b', 'a/x/b', 'a/x/y/b', '.a', ''], ['**', 'a/**', 'a/**/b', '**/b', '**/**']],
  ['letters', nocase, ['a', 'A', 'b', 'B', 'aB', '1', '[', '_', '@', '`', 'z', 'Z'], [
    'a', 'A', 'AB', '[a-b]', '[A-B]', '[!a]', '[Z-a]', '[[:upper:]]', '[[:lower:]]', '[![:upper:]]', '@(a|AB)', '!(a)', '?', '*B',
  ]],
];

const quote = text => JSON.stringify(text);

// As many on a line as fit.
function wrap(texts) {
  const lines = [''];
  for (const text of [...texts.map(quote), 'NULL']) {
    if (lines.at(-1).length + text.length > 88) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${text},`;
  }
  return lines.map(line => `\t${line}\n`).join('');
}

console.log(`/*
 * What the npm package minimatch ${version} says of these patterns; printed by glob_cases.mjs. A case
 * has a pattern and, for each of its texts, '+' if it matches and '-' if not.
 */
/* clang-format off */`);
for (const [name, , texts] of groups)
  console.log(`static const char *const ${name}[] = {\n${wrap(texts)}};`);
console.log('\nstatic const struct glob_case cases[] = {');
for (const [name, flags, texts, patterns] of groups) {
  const options = { nocase: flags.includes('NOCASE'), noglobstar: flags.includes('NO_GLOBSTAR') };
  for (const pattern of patterns) {
    const glob = new Minimatch(pattern, options);
    const answers = texts.map(text => (glob.match(text) ? '+' : '-')).join('');
    console.log(`\t{${flags}, ${name}, ${quote(pattern)},\n\t "${answers}"},`);
  }
}
console.log('};\n/* clang-format on */');
