/** The prompt as its user meets it: in a pseudo-terminal, from the sources and from the bundle. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CTRL_C, CTRL_D, HOME, noTerminal, TAB, Terminal, UP } from './support/terminal.ts';

const root = join(import.meta.dirname, '../..');
const PROMPT = /osquery> $/;
const MORE = / {4}\.\.\.> $/;
const ENDLESS = 'with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c;';

for (const flavour of ['sources', 'bundle'])
  describe(`from the ${flavour}`, { skip: noTerminal }, () => {
    let home = '';
    let program = join(root, 'bin/osqueryi.js');

    before(() => {
      home = mkdtempSync(join(tmpdir(), 'osquery-terminal-'));
      if (flavour === 'sources') return;
      for (const folder of ['bin', 'package.json']) cpSync(join(root, folder), join(home, folder), { recursive: true });
      symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'));
      const build = spawnSync(process.execPath, [join(root, 'tools/build.ts'), '--out', join(home, 'dist')], {
        encoding: 'utf8',
      });
      assert.equal(build.status, 0, build.stderr);
      program = join(home, 'bin/osqueryi.js');
    });
    after(() => rmSync(home, { recursive: true }));

    /** Runs `use` at the prompt of a new shell, and leaves it with Ctrl-D. */
    async function shell(
      use: (terminal: Terminal) => Promise<void>,
      args: readonly string[] = [],
      env = {},
    ): Promise<void> {
      const terminal = new Terminal([program, ...args], { ...process.env, HOME: home, ...env });
      try {
        await terminal.until(PROMPT);
        await use(terminal);
        terminal.type(CTRL_D);
        assert.deepEqual(await terminal.end(), { code: 0, text: '\n' });
      } finally {
        terminal.kill();
      }
    }

    test('Ctrl-C brings the prompt back where one step of SQLite takes minutes', () =>
      shell(async (terminal) => {
        const text = (bytes: number) => `replace(hex(zeroblob(${bytes})), '0', 'a')`;
        terminal.type(`select instr(${text(5_000_000)}, ${text(2_000_000)} || 'b');\r`);
        await terminal.until(/Ctrl-C stops/);
        terminal.type(CTRL_C);
        const said = await terminal.until(PROMPT);
        assert.match(
          said,
          /interrupted: the query did not stop; its thread was replaced, and temporary tables are lost/,
        );
        terminal.type('select 41 + 1;\r');
        assert.match(await terminal.until(PROMPT), /42/);
      }));

    test('answers, over several lines too', () =>
      shell(async (terminal) => {
        terminal.type("select 'x' as a;\n");
        assert.equal(await terminal.until(PROMPT), "select 'x' as a;\n+---+\n| a |\n+---+\n| x |\n+---+\nosquery> ");
        terminal.type('select 1\n');
        await terminal.until(MORE);
        terminal.type('+ 2 as b\n');
        await terminal.until(MORE);
        terminal.type(';\n');
        assert.equal(await terminal.until(PROMPT), ';\n+---+\n| b |\n+---+\n| 3 |\n+---+\nosquery> ');
      }));

    test('a line break in a cell makes no row, a mark of direction turns nothing', () =>
      shell(async (terminal) => {
        terminal.type("select 'x |' || char(10) || '| y' as a, 'gpj' || char(0x202e) || '.exe' as b;\n");
        assert.match(await terminal.until(PROMPT), /\n\| x \|␊\| y \| gpj\\u202e\.exe \|\n\+-/);
      }));

    test('wide characters take two columns', () =>
      shell(async (terminal) => {
        terminal.type("select '日本' as a, 'e\u0301' as b;\n");
        assert.match(
          await terminal.until(PROMPT),
          /\n\+------\+---\+\n\| a {4}\| b \|\n\+------\+---\+\n\| 日本 \| e\u0301 \|\n/,
        );
      }));

    test('remembers what was typed, in a file of its own, but not what begins with a blank', async () => {
      rmSync(join(home, '.osquery'), { recursive: true, force: true });
      await shell(async (terminal) => {
        terminal.type('select 4711;\n');
        await terminal.until(PROMPT);
        terminal.type(' select 4712;\n');
        await terminal.until(PROMPT);
      });
      const history = join(home, '.osquery/.history');
      assert.equal(readFileSync(history, 'utf8'), 'select 4711;\n');
      assert.equal(statSync(history).mode & 0o777, 0o600);
      await shell(async (terminal) => {
        terminal.type(UP);
        await terminal.until(/select 4711;/);
        terminal.type('\n');
        assert.match(await terminal.until(PROMPT), /\| 4711 \|/);
      });
    });

    test('writes the history to no file that a link names', async () => {
      const victim = join(home, 'victim');
      writeFileSync(victim, 'precious');
      rmSync(join(home, '.osquery'), { recursive: true, force: true });
      mkdirSync(join(home, '.osquery'));
      symlinkSync(victim, join(home, '.osquery/.history'));
      await shell(async (terminal) => {
        terminal.type('select 1;\n');
        await terminal.until(PROMPT);
      });
      assert.equal(readFileSync(victim, 'utf8'), 'precious');
      assert.ok(lstatSync(join(home, '.osquery/.history')).isSymbolicLink());
      rmSync(join(home, '.osquery'), { recursive: true });
    });

    test('completes tables, columns, functions, keywords and dot-commands', () =>
      shell(async (terminal) => {
        for (const [typed, completed] of [
          ['select * from os_v', /os_version/],
          ['select regex_sp', /regex_split/],
          ['select * from os_version where platform_l', /platform_like/],
          ['SELECT DISTI', /DISTINCT/],
          ['select distin', /distinct/],
          ['.summ', /\.summary/],
          ['.schema listening', /listening_ports/],
        ] as const) {
          terminal.type(typed + TAB);
          await terminal.until(completed);
          terminal.type(CTRL_C);
          await terminal.until(PROMPT);
        }
        terminal.type(`select * from process_o${TAB}`);
        await terminal.until(/process_open_$/);
        terminal.type(TAB);
        assert.match(await terminal.until(/process_open_sockets/), /process_open_files\s+process_open_pipes/);
        terminal.type(CTRL_C);
        await terminal.until(PROMPT);
      }));

    test('Ctrl-C drops an unfinished statement', () =>
      shell(async (terminal) => {
        terminal.type('select 1\n');
        await terminal.until(MORE);
        terminal.type(`+ nonsense${CTRL_C}`);
        assert.equal(await terminal.until(PROMPT), '+ nonsense^C\nosquery> ');
        // Longer than a line of the terminal, and the cursor at its beginning.
        terminal.type(`select ${'1 + '.repeat(60)}`);
        await terminal.until(/(1 \+ ){60}$/);
        terminal.type(HOME + CTRL_C);
        assert.match(await terminal.until(PROMPT), /1 \+ \^C\nosquery> $/);
        terminal.type('select 5 as five;\n');
        assert.match(await terminal.until(PROMPT), /\| 5 {4}\|/);
      }));

    test('Ctrl-C stops a query in SQLite and one in a table, and keeps the shell', () =>
      shell(async (terminal) => {
        for (const sql of [ENDLESS, "select count(*) from file where path like '/%%';"]) {
          terminal.type(`${sql}\n`);
          // The progress line; the query runs.
          await terminal.until(/\d rows, [\d.]+ s \(Ctrl-C stops\)/);
          terminal.type(CTRL_C);
          assert.match(await terminal.until(PROMPT), /Error: interrupted\nosquery> $/);
        }
        terminal.type('select 6 as six;\n');
        assert.match(await terminal.until(PROMPT), /\| 6 {3}\|/);
      }));

    test('Tab while a query runs does not stand in the way of Ctrl-C', () =>
      shell(async (terminal) => {
        terminal.type(`${ENDLESS}\n`);
        await terminal.until(/\d rows/);
        terminal.type(`sel${TAB}`);
        await terminal.until(/sel/);
        terminal.type(CTRL_C);
        await terminal.until(/\^C\nError: interrupted\nosquery> $/);
        terminal.type('select 7 as seven;\n');
        assert.match(await terminal.until(PROMPT), /\| 7 {5}\|/);
      }));

    test('what is typed while a query runs is the next line', () =>
      shell(async (terminal) => {
        terminal.type(`${ENDLESS.replace('from c)', 'from c limit 3000000)')}\n`);
        await terminal.until(/;\n/);
        terminal.type('select 8');
        await terminal.until(/osquery> select 8$/);
        terminal.type(' as eight;\n');
        assert.match(await terminal.until(PROMPT), /\| 8 {5}\|/);
      }));

    test('rows come as they are found, and none after Ctrl-C', () =>
      shell(async (terminal) => {
        const endlessRows = ENDLESS.replace('count(*)', 'x');
        terminal.type(`.mode list\n${endlessRows.replace(';', ' where x % 1000000 = 0;')}\n`);
        await terminal.until(/\D3000000\n/);
        terminal.type(CTRL_C);
        await terminal.until(/\nError: interrupted\nosquery> $/);
      }));

    test('Ctrl-D while a query runs leaves when it has ended', async () => {
      const terminal = new Terminal([program], { ...process.env, HOME: home });
      try {
        await terminal.until(PROMPT);
        terminal.type(`${ENDLESS.replace('from c)', 'from c limit 3000000)')}\n${CTRL_D}`);
        const { code, text } = await terminal.end();
        assert.equal(code, 0);
        assert.match(text, /\| 3000000 +\|\n\+-+\+\n$/);
      } finally {
        terminal.kill();
      }
    });

    test('an escape sequence in a name does not reach the terminal', () =>
      shell(async (terminal) => {
        terminal.type("select 'a' || char(27) || '[31mb' as a;\n");
        assert.match(await terminal.until(PROMPT), /\| a␛\[31mb \|/);
      }));

    test('a wrong table or column: what was meant?', () =>
      shell(async (terminal) => {
        terminal.type('select * from proceses;\n');
        assert.match(await terminal.until(PROMPT), /no such table: proceses\n {2}did you mean processes\?/);
        terminal.type('select nmae from processes;\n');
        assert.match(await terminal.until(PROMPT), /no such column: nmae\n {2}did you mean name\?/);
      }));

    test('.explain shows what was pushed down', () =>
      shell(async (terminal) => {
        terminal.type('.explain select name from processes where pid = 1;\n');
        assert.match(await terminal.until(PROMPT), /\| processes \| pid = \?\s+\| pid, name \| 1 {5}\| 1 {4}\|/);
      }));

    test('colours, unless NO_COLOR is set', async () => {
      const colour = /\x1b\[[0-9;]*m/;
      await shell(async ({ raw }) => assert.match(raw, colour));
      await shell(async ({ raw }) => assert.doesNotMatch(raw, colour), [], { NO_COLOR: '1' });
    });

    test('.exit leaves', async () => {
      const terminal = new Terminal([program], { ...process.env, HOME: home });
      await terminal.until(PROMPT);
      terminal.type('.exit\n');
      assert.equal((await terminal.end()).code, 0);
    });

    test('.exit says with which code', async () => {
      const terminal = new Terminal([program], { ...process.env, HOME: home });
      await terminal.until(PROMPT);
      terminal.type('.exit 3\n');
      assert.equal((await terminal.end()).code, 3);
    });
  });
