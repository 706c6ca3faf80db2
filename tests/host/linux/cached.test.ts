import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cachedLink, cachedStat } from '../../../src/host/linux/cached.ts';

test('what was used just now is known without asking anybody; magic links lead nowhere', (t) => {
  const top = mkdtempSync(join(tmpdir(), 'osquery-cached-'));
  try {
    mkdirSync(`${top}/d`);
    writeFileSync(`${top}/d/file`, 'content');
    symlinkSync('d/file', `${top}/link`);
    const stat = known(() => cachedStat(`${top}/d/file`));
    if (stat === undefined) return t.skip('needs Linux 5.12');
    const real = statSync(`${top}/d/file`);
    assert.deepEqual([stat.kind, stat.size, stat.inode, stat.mode], ['regular', 7, real.ino, real.mode]);
    // The same as another fraction of two: the last digits differ.
    assert.ok(Math.abs(stat.mtime - real.mtimeMs / 1000) < 1e-6);
    // To note that a link was read for the first time the kernel has to wait.
    statSync(`${top}/link`);
    assert.equal(known(() => cachedStat(`${top}/link`))?.inode, real.ino);
    assert.equal(known(() => cachedStat(`${top}/link`, { follow: false }))?.kind, 'symlink');
    assert.equal(
      known(() => cachedLink(`${top}/link`)),
      'd/file',
    );
    assert.equal(cachedLink(`${top}/d/file`), undefined);
    assert.equal(cachedStat(`${top}/none`), undefined);
    statSync('/proc/self/exe');
    assert.equal(cachedStat('/proc/self/exe'), undefined);
  } finally {
    rmSync(top, { recursive: true });
  }
});

/** Where somebody renames a directory just then, anywhere, the kernel does not know. */
function known<T>(look: () => T | undefined): T | undefined {
  for (let tries = 0; tries < 1000; tries++) {
    const found = look();
    if (found !== undefined) return found;
  }
  return undefined;
}
