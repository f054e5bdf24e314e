// The bill of materials: SPDX 2.3 as its specification has it, complete, and true.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import parse from 'spdx-expression-parse';
import { OUT, made, run } from './made.mjs';

const bill = JSON.parse(readFileSync(made('.spdx.json'), 'utf8'));
const STAGE = join(OUT, 'stage');
const digest = (algorithm, bytes) => createHash(algorithm).update(bytes).digest('hex');
const checksum = (element, algorithm) => element.checksums.find(sum => sum.algorithm === algorithm)?.checksumValue;
const ours = bill.packages.find(each => each.SPDXID === 'SPDXRef-Package');
const libraries = bill.packages.filter(each => each !== ours);

const ID = /^SPDXRef-[A-Za-z0-9.-]+$/;
const licence = text => text === 'NOASSERTION' || text === 'NONE' || Boolean(parse(text));
const uri = text => Boolean(new URL(text));
const text = value => typeof value === 'string' && value !== '';

// What has to be there, by the sections of the specification, and its form.
const DOCUMENT = {
  spdxVersion: value => value === 'SPDX-2.3',
  dataLicense: value => value === 'CC0-1.0',
  SPDXID: value => value === 'SPDXRef-DOCUMENT',
  name: text,
  documentNamespace: value => uri(value) && !value.includes('#'),
  creationInfo: value => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value.created) && value.creators.length > 0 &&
    value.creators.every(who => /^(Tool|Organization|Person): \S/.test(who)),
  documentDescribes: value => value.length === 1,
  packages: value => value.length > 1,
  files: value => value.length > 1,
  relationships: value => value.length > 1,
};
const PACKAGE = {
  SPDXID: value => ID.test(value),
  name: text,
  versionInfo: text,
  supplier: value => value === 'NOASSERTION' || /^(Organization|Person): \S/.test(value),
  downloadLocation: value => value === 'NOASSERTION',
  filesAnalyzed: value => typeof value === 'boolean',
  licenseConcluded: licence,
  licenseDeclared: licence,
  copyrightText: text,
  primaryPackagePurpose: value => ['APPLICATION', 'LIBRARY'].includes(value),
};
const MORE_OF_PACKAGES = {
  packageFileName: text, checksums: Array.isArray, licenseInfoFromFiles: Array.isArray, homepage: uri, sourceInfo: text,
  packageVerificationCode: value => /^[0-9a-f]{40}$/.test(value.packageVerificationCodeValue), licenseComments: text,
  externalRefs: refs => refs.every(ref => ref.referenceCategory === 'PACKAGE-MANAGER' && ref.referenceType === 'purl' &&
    /^pkg:deb\/debian\/[a-z0-9.%B-]+@[^?\s]+\?arch=[a-z0-9]+&distro=\S+$/.test(ref.referenceLocator)),
};
const FILE = {
  SPDXID: value => ID.test(value),
  fileName: value => value.startsWith('./'),
  checksums: sums => sums.some(sum => sum.algorithm === 'SHA1'),
  licenseConcluded: licence,
  licenseInfoInFiles: list => list.every(licence),
  copyrightText: text,
};
const RELATIONSHIP = {
  spdxElementId: text,
  relatedSpdxElement: text,
  relationshipType: value => ['DESCRIBES', 'CONTAINS', 'DYNAMIC_LINK'].includes(value),
};

function conforms(element, needed, more = {}) {
  const where = element.SPDXID ?? JSON.stringify(element);
  for (const [name, fits] of Object.entries(needed)) {
    assert.ok(name in element, `${where} has no ${name}`);
    assert.ok(fits(element[name]), `${where}: ${name} is ${JSON.stringify(element[name])}`);
  }
  for (const [name, value] of Object.entries(element)) {
    const fits = needed[name] ?? more[name];
    assert.ok(fits, `${where}: ${name} is no field of it`);
    assert.ok(fits(value), `${where}: ${name} is ${JSON.stringify(value)}`);
  }
}

describe('the bill of materials', () => {
  test('has every field that SPDX 2.3 wants, and no other', () => {
    conforms(bill, DOCUMENT);
    bill.packages.forEach(each => conforms(each, PACKAGE, MORE_OF_PACKAGES));
    bill.files.forEach(each => conforms(each, FILE));
    bill.relationships.forEach(each => conforms(each, RELATIONSHIP));
  });

  test('names each element once, and relates nothing else', () => {
    const ids = [bill.SPDXID, ...bill.packages.map(each => each.SPDXID), ...bill.files.map(each => each.SPDXID)];
    assert.equal(new Set(ids).size, ids.length);
    for (const { spdxElementId, relatedSpdxElement } of bill.relationships)
      assert.ok(ids.includes(spdxElementId) && ids.includes(relatedSpdxElement), relatedSpdxElement);
    const related = type => bill.relationships.filter(each => each.relationshipType === type).map(each => each.relatedSpdxElement);
    assert.deepEqual(related('DESCRIBES'), bill.documentDescribes);
    assert.deepEqual(related('CONTAINS'), bill.files.map(each => each.SPDXID));
    assert.deepEqual(related('DYNAMIC_LINK'), libraries.map(each => each.SPDXID));
  });

  test('has all files, and their digests are right', () => {
    const installed = run('find', ['.', '-type', 'f'], { cwd: STAGE }).split('\n').filter(Boolean).sort();
    assert.deepEqual(bill.files.map(each => each.fileName).sort(), installed);
    for (const file of bill.files) {
      const bytes = readFileSync(join(STAGE, file.fileName));
      assert.equal(checksum(file, 'SHA1'), digest('sha1', bytes), file.fileName);
      assert.equal(checksum(file, 'SHA256'), digest('sha256', bytes), file.fileName);
    }
    const all = bill.files.map(file => checksum(file, 'SHA1')).sort().join('');
    assert.equal(ours.packageVerificationCode.packageVerificationCodeValue, digest('sha1', all));
  });

  test('is of the package that lies beside it', () => {
    assert.equal(join(OUT, ours.packageFileName), made('.deb'));
    assert.equal(checksum(ours, 'SHA256'), digest('sha256', readFileSync(made('.deb'))));
    assert.equal(ours.versionInfo, run('dpkg-deb', ['-f', made('.deb'), 'Version']).trim());
  });

  test('has the package of every library that the program loads, in the version of this machine', () => {
    const loaded = run('ldd', [join(STAGE, 'usr/bin/spectrocloud-backend')]).split('\n').map(line => line.match(/(\/\S+) \(0x/)?.[1])
      .filter(Boolean);
    assert.ok(loaded.length > 10);
    for (const { name, versionInfo } of libraries)
      assert.equal(run('dpkg-query', ['-W', '-f', '${Version}\n', name]).split('\n')[0], versionInfo, name);
    const plain = path => path.replace(/^\/usr\//, '/');
    const theirs = new Set(run('dpkg-query', ['-L', ...libraries.map(each => each.name)]).split('\n').map(plain));
    for (const path of loaded)
      assert.ok(theirs.has(plain(path)) || theirs.has(plain(run('realpath', [path]).trim())), path);
    // What the Debian package depends on directly is among them.
    for (const [, name] of run('dpkg-deb', ['-f', made('.deb'), 'Depends']).matchAll(/\b(lib[a-z0-9.+-]+|zlib1g)\b(?= \(|,|$)/g))
      assert.ok(libraries.some(each => each.name === name), name);
  });

  test('says the licence where Debian says it', t => {
    const known = libraries.filter(each => each.licenseDeclared !== 'NOASSERTION');
    t.diagnostic(`${known.length} of ${libraries.length} packages have a licence that is known by its name`);
    assert.ok(known.length > libraries.length / 2);
    assert.equal(libraries.find(each => each.name === 'libssl3').licenseDeclared, 'Apache-2.0');
    assert.equal(libraries.find(each => each.name === 'libjansson4').licenseDeclared, 'MIT');
  });
});
