/** Files that are made, changed and moved while the daemon scans them with YARA, compared with what was written. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DaemonFolder, end } from './support/daemon.ts';
import { askEachSecond, type Cells, heard, watching } from './support/file-events.ts';

const FILES = 100;

const MARKED = `
import "hash"
rule marked : mark text {
  strings: $a = "mark" $b = /numbe[rs]+ [0-9]+/ $c = "number" private
  condition: $a and #a < 3 and $b and $c
}
private rule hidden { condition: true }
rule digest { condition: hidden and hash.md5(0, filesize) == "9a0364b9e99bb480dd25e1f0284c8555" }
`;

test('each file that matches, each time that it is made, changed or moved; no other', async (t) => {
  if (!isRoot(t)) return;
  using folder = new DaemonFolder();
  const top = join(folder.path, 'scanned');
  mkdirSync(`${top}/deep`, { recursive: true });
  mkdirSync(folder.at('rules/more'), { recursive: true });
  mkdirSync(folder.at('other'));
  writeFileSync(folder.at('rules/index.yar'), 'include "more/marked.yar"\n');
  writeFileSync(folder.at('rules/more/marked.yar'), MARKED);
  writeFileSync(
    folder.at('rules/elf.yar'),
    'import "elf"\nrule program : binary { condition: elf.type == elf.ET_EXEC }',
  );
  writeFileSync(
    folder.at('rules/broken.yar'),
    'rule fine { condition: true }\nrule broken {\n  condition: $nothing\n}',
  );
  configure(folder, {
    file_paths: { tree: [`${top}/%%`], other: [`${folder.path}/other/%`] },
    yara: {
      signatures: {
        marks: [folder.at('rules/index.yar')],
        broken: [folder.at('rules/broken.yar'), folder.at('rules/absent.yar')],
        kinds: [folder.at('rules/elf.yar')],
      },
      file_paths: { tree: ['marks', 'broken', 'kinds'] },
    },
  });
  const child = folder.start('--enable_file_events', '--logger_min_stderr=2');
  await folder.untilStatus(/group broken: .*\/broken\.yar:3:14: unknown pattern `\$nothing`/);
  await folder.untilStatus(/group broken: .*absent\.yar: ENOENT/);
  await watching(folder);

  const path = (i: number) => `${top}/deep/${i}`;
  for (let i = 0; i < FILES; i++) writeFileSync(path(i), i % 2 === 0 ? `the mark of number ${i}` : `number ${i}`);
  for (let i = 0; i < FILES; i += 10) renameSync(path(i), `${top}/moved-${i}`);
  writeFileSync(`${folder.path}/other/x`, 'the mark of number 1');
  writeFileSync(`${top}/many`, 'mark mark mark number 1');
  writeFileSync(`${top}/empty`, '');
  writeFileSync(`${top}/digest`, 'content');
  symlinkSync('/dev/zero', `${top}/zero`);
  mkdirSync(`${top}/directory`);
  writeFileSync(`${top}/last`, 'the mark of numbers 12');

  const rows = () => seen(folder);
  const of = (target: string) => rows().filter(({ target_path }) => target_path === target);
  await folder.until(() => of(`${top}/last`).some(({ action }) => action === 'UPDATED'), 'the last one');
  for (let i = 0; i < FILES; i++) {
    // When CREATED is looked at, nothing may have been written yet, or the file may have moved already.
    const actions = new Set(of(path(i)).map(({ action }) => action));
    const moved = of(`${top}/moved-${i}`).map(({ action }) => action);
    if (i % 10 === 0) assert.deepEqual(moved, ['MOVED_TO'], `${i}`);
    else if (i % 2 === 0) assert.ok(actions.has('UPDATED'), `${i}`);
    else assert.deepEqual([[...actions], moved], [[], []], `${i}`);
  }
  for (const name of ['many', 'empty', 'zero', 'directory']) assert.deepEqual(of(`${top}/${name}`), [], name);
  assert.ok(rows().every(({ category }) => category === 'tree'));
  assert.deepEqual(of(`${top}/last`).at(-1), {
    action: 'UPDATED',
    category: 'tree',
    count: '1',
    matches: 'marked',
    strings: '$a:4,$b:c',
    tags: 'mark,text',
    target_path: `${top}/last`,
  });
  assert.equal(of(`${top}/digest`)[0]!['matches'], 'digest');

  // Rules that have changed are taken without a new configuration, at most some seconds later.
  writeFileSync(folder.at('rules/elf.yar'), 'rule anything : some { condition: filesize == 7 }');
  await folder.until(() => {
    rmSync(`${top}/seven`, { force: true });
    writeFileSync(`${top}/seven`, 'content');
    return of(`${top}/seven`).some(({ count }) => count === '2');
  }, 'the new rule');
  const both = of(`${top}/seven`).find(({ count }) => count === '2')!;
  assert.deepEqual([both['matches'], both['tags'], both['strings']], ['digest,anything', 'some', '']);
  assert.equal(await end(child), 0);
});

test('a scan that does not end, and a file that is too large, are given up and said; the others go on', async (t) => {
  if (!isRoot(t)) return;
  using folder = new DaemonFolder();
  const top = join(folder.path, 'scanned');
  mkdirSync(top);
  writeFileSync(
    folder.at('slow.yar'),
    'rule slow { strings: $a = "slow" condition: $a at 0 and for all i in (0..1000000000000) : (i >= 0) }',
  );
  writeFileSync(folder.at('quick.yar'), 'rule quick { strings: $a = "quick" condition: $a }');
  configure(folder, {
    file_paths: { tree: [`${top}/%%`] },
    yara: {
      signatures: { slow: [folder.at('slow.yar')], quick: [folder.at('quick.yar')] },
      file_paths: { tree: ['quick', 'slow'] },
    },
  });
  // Half of the memory, so 25 MB of a file; some seconds less than those of the watchdog for a scan, so one.
  const limits = ['--watchdog_level=1', '--watchdog_latency_limit=4', '--watchdog_delay=600'];
  const child = folder.start('--enable_file_events', ...limits);
  await folder.untilStatus(/inotify: started/);
  await watching(folder);
  writeFileSync(`${top}/large`, '');
  truncateSync(`${top}/large`, 60 * 1024 * 1024);
  writeFileSync(`${top}/slow`, 'slow quick');
  writeFileSync(`${top}/quick`, 'quick');
  await folder.untilStatus(/yara: .*\/large was not scanned: has more than 26214400 bytes/);
  await folder.untilStatus(/yara: .*\/slow was not scanned: took longer than 1 s/);
  await folder.untilStatus(/inotify: \d+ lost \(scan: took too long\)/);
  await folder.until(() => seen(folder).find(({ target_path }) => target_path === `${top}/quick`), 'the next file');
  assert.deepEqual(
    seen(folder).filter(({ target_path }) => target_path !== `${top}/quick`),
    [],
  );
  assert.equal(await end(child), 0);
});

function isRoot(t: TestContext): boolean {
  const is = process.getuid!() === 0;
  if (!is) t.skip('fanotify needs root');
  return is;
}

function configure(folder: DaemonFolder, sections: object): void {
  askEachSecond(folder, 'yara_events', 'target_path, category, action, matches, count, strings, tags', sections);
}

function seen(folder: DaemonFolder): Cells[] {
  return heard(folder, 'yara_events');
}
