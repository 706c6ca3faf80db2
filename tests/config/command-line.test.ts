import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UserError } from '../../src/base/errors.ts';
import { parseCommandLine } from '../../src/config/command-line.ts';
import type { OptionDeclaration } from '../../src/config/options.ts';
import { readUserFile } from '../../src/host/linux/user-files.ts';

const declarations: readonly OptionDeclaration[] = [
  ['verbose', 'bool', 'false', 'cli', ''],
  ['events_max', 'uint64', '50000', 'option', ''],
  ['level', 'int32', '0', 'option', ''],
  ['small', 'uint32', '1', 'option', ''],
  ['path', 'string', '/default', 'cli', ''],
  ['nothing', 'string', '', 'cli', ''],
];

const HUGE = 1_000_000;

const FILES: Readonly<Record<string, string>> = {
  '/shared':
    '--enable_ntfs_event_publisher\n--nodisable-endpointsecurity\n--users_service_delay 250\n--es_fim_mute_path_literal=/x\n--level=5\n',
  '/flags': '# a comment\n\n--verbose\n  --path=/from file  \n--events_max 7\n-level=-3\n',
  '/outer': '--level=1\n--flagfile=/flags\n--small=9\n',
  '/loop': '--flagfile=/loop\n',
  '/missing-inner': '--verbose\n--flagfile=/nowhere\n',
  '/wrong': '--verbose\n--events_max=many\n',
  '/unknown': '\n--verbos\n',
  '/outer-wrong': '--flagfile=/wrong\n',
  '/no-value': '--path\n',
  '/text': 'verbose\n',
  '/dash': '- verbose\n',
  '/dashes': '--\n',
  '/spaced': '--path = /x\n',
  '/loop-a': '--flagfile=/loop-b\n',
  '/loop-b': '--flagfile=/loop-a\n',
  '/loop-twice': '--flagfile=/loop-twice\n--flagfile=/loop-twice\n',
  '/huge-name': `--${'x'.repeat(HUGE)}\n`,
  '/huge-value': `--level=${'9'.repeat(HUGE)}\n`,
  '/huge-blank': `--path${' '.repeat(HUGE)}=\n`,
  '/huge-text': `--path ${'x'.repeat(HUGE)}\n`,
  '/crlf': '--verbose\r\n--path=/windows\r\n',
};

function parse(args: readonly string[], defaultFlagfile?: string) {
  return parseCommandLine(args, {
    declarations,
    readFile(path) {
      if (FILES[path] === undefined) throw new Error('ENOENT');
      return FILES[path];
    },
    ...(defaultFlagfile !== undefined && { defaultFlagfile }),
  });
}

/** The value of a flag after reading `args`. */
const value = (name: string, ...args: string[]) => parse(args).values.string(name);

describe('a command line', () => {
  test('has values behind = or in the next argument, one dash or two', () => {
    for (const args of [['--path=/x'], ['--path', '/x'], ['-path=/x'], ['-path', '/x']])
      assert.equal(value('path', ...args), '/x');
    assert.equal(value('path', '--path='), '');
    assert.equal(value('path', '--path=a=b\nc'), 'a=b\nc');
    assert.equal(value('path', '--path', '--verbose'), '--verbose');
    assert.equal(value('events_max', '--events-max=5'), '5');
  });

  test('switches with a name alone, `no` before it, or a value', () => {
    assert.equal(value('verbose', '--verbose'), 'true');
    assert.equal(value('verbose', '--noverbose'), 'false');
    for (const yes of ['1', 't', 'TRUE', 'yes', 'Y']) assert.equal(value('verbose', `--verbose=${yes}`), 'true');
    for (const no of ['0', 'F', 'false', 'no', 'n']) assert.equal(value('verbose', `--verbose=${no}`), 'false');
    const { values, operands } = parse(['--verbose', 'false']);
    assert.deepEqual([values.bool('verbose'), operands], [true, ['false']]);
    assert.equal(value('nothing', '--nothing', 'x'), 'x');
  });

  test('lets the last of equal flags win', () => assert.equal(value('level', '--level=1', '--level=2'), '2'));

  test('has operands between and behind flags, and everything behind --', () => {
    const { operands } = parse(['select 1', '--verbose', '-', '--', '--path=/x', '-v']);
    assert.deepEqual(operands, ['select 1', '-', '--path=/x', '-v']);
  });

  test('takes no comment of SQL for a flag, and no flag for a comment', () => {
    for (const sql of ['-- names\nselect 1', '--names\nselect 1', '-- a=1\nselect 1'])
      assert.deepEqual(parse([sql]).operands, [sql]);
    for (const arg of ['--js,on', '---path=/x', '-1'])
      assert.throws(() => parse([arg]), /unknown command line flag/, arg);
  });

  test('takes numbers as gflags does, within the range of the type', () => {
    assert.equal(value('level', '--level', '-5'), '-5');
    assert.equal(value('level', '--level=0x10'), '16');
    assert.equal(value('events_max', '--events_max=18446744073709551615'), '18446744073709551615');
    assert.equal(value('small', '--small=4294967295'), '4294967295');
    for (const arg of [
      '--level=2147483648',
      '--level=-2147483649',
      '--small=-1',
      '--small=4294967296',
      '--events_max=18446744073709551616',
      '--level=1.5',
      '--level=',
      '--level=1e3',
      '--level= 1',
      '--verbose=maybe',
      '--verbose=',
    ]) {
      const [name, text] = arg.slice(2).split(/=(.*)/s);
      assert.throws(
        () => parse([arg]),
        (cause: Error) =>
          cause instanceof UserError &&
          cause.message.startsWith(`illegal value '${text}' specified for`) &&
          cause.message.endsWith(`flag '${name}'`),
        arg,
      );
    }
  });

  test('says what it does not know, and what may have been meant', () => {
    assert.throws(() => parse(['--verbos']), {
      name: 'UserError',
      message: "unknown command line flag 'verbos'\n  did you mean --verbose?",
    });
    assert.throws(() => parse(['--nopath']), /unknown command line flag 'nopath'/);
    assert.throws(() => parse(['--noverbose=1']), /unknown command line flag 'noverbose'/);
    assert.throws(() => parse(['--zzzzzzzz']), { message: "unknown command line flag 'zzzzzzzz'" });
    assert.throws(() => parse(['--constructor=1']), UserError);
    assert.throws(() => parse(['--path']), { message: "flag '--path' is missing its argument" });
    assert.throws(() => parse(['--flagfile']), { message: "flag '--flagfile' is missing its argument" });
  });

  test('help and version', () => {
    assert.deepEqual([parse(['--help']).help, parse(['-h']).help, parse([]).help], [true, true, false]);
    assert.deepEqual([parse(['--version']).version, parse([]).version], [true, false]);
  });
});

describe('a flagfile', () => {
  test('may have flags of other systems, which are skipped', () => {
    assert.equal(value('level', '--flagfile=/shared'), '5');
    assert.throws(() => parse(['--enable_ntfs_event_publisher']), /unknown command line flag/);
  });

  test('has a flag a line; what comes later on the command line wins', () => {
    const { values, flagfile } = parse(['--flagfile=/flags', '--level=4']);
    assert.deepEqual(
      ['verbose', 'path', 'events_max', 'level'].map((name) => values.string(name)),
      ['true', '/from file', '7', '4'],
    );
    assert.equal(flagfile, '/flags');
    assert.equal(value('level', '--level=4', '--flagfile', '/flags'), '-3');
  });

  test('may name another', () => {
    const { values } = parse(['--flagfile=/outer']);
    assert.deepEqual([values.number('level'), values.number('small'), values.bool('verbose')], [-3, 9, true]);
  });

  test('of another system is read', () => assert.equal(value('path', '--flagfile=/crlf'), '/windows'));

  test('is read by default, if it is there and no other is named', () => {
    assert.equal(parse([], '/flags').values.number('level'), -3);
    assert.equal(parse([], '/nowhere').values.number('level'), 0);
    assert.equal(parse(['--flagfile=/outer'], '/flags').flagfile, '/outer');
    assert.equal(parse(['--level=8'], '/flags').values.number('level'), 8);
  });

  test('that is wrong is refused with its name and the line', () => {
    assert.throws(() => parse(['--flagfile=/nowhere']), { message: 'cannot read flagfile /nowhere: ENOENT' });
    assert.throws(() => parse(['--flagfile=/missing-inner']), {
      message: '/missing-inner:2: cannot read flagfile /nowhere: ENOENT',
    });
    assert.throws(() => parse(['--flagfile=/wrong']), {
      message: "/wrong:2: illegal value 'many' specified for uint64 flag 'events_max'",
    });
    assert.throws(() => parse(['--flagfile=/unknown']), {
      message: "/unknown:2: unknown command line flag 'verbos'\n  did you mean --verbose?",
    });
    assert.throws(() => parse(['--flagfile=/no-value']), {
      message: "/no-value:1: flag '--path' is missing its argument",
    });
    assert.throws(() => parse(['--flagfile=/outer-wrong']), {
      message: "/wrong:2: illegal value 'many' specified for uint64 flag 'events_max'",
    });
  });

  test('with a line that is no flag is refused without repeating the line, which may be a secret', () => {
    for (const file of ['/text', '/dashes', '/dash', '/spaced']) {
      assert.throws(() => parse([`--flagfile=${file}`]), {
        message: `${file}:1: not a flag: --name=value, a line each`,
      });
    }
  });

  test('is read once more where it names itself, but not for ever', () => {
    for (const file of ['/loop', '/loop-a', '/loop-twice']) {
      assert.throws(
        () => parse([`--flagfile=${file}`]),
        /: more than 64 flagfiles, at \/loop.*: do they name each other\?$/,
      );
    }
  });

  test('with a huge line gives a short message', () => {
    for (const file of ['/huge-name', '/huge-value', '/huge-blank']) {
      assert.throws(
        () => parse([`--flagfile=${file}`]),
        (cause: Error) => cause instanceof UserError && cause.message.length < 200,
      );
    }
    assert.equal(value('path', '--flagfile=/huge-text').length, HUGE);
  });

  test('that the machine refuses to read is named', () => {
    const read = (path: string) => parseCommandLine([`--flagfile=${path}`], { declarations, readFile: readUserFile });
    assert.throws(() => read('/etc'), { message: 'cannot read flagfile /etc: EISDIR' });
    assert.throws(() => read('/dev/zero'), { message: 'cannot read flagfile /dev/zero: EFBIG' });
    assert.throws(() => read('/nowhere'), { message: 'cannot read flagfile /nowhere: ENOENT' });
    assert.deepEqual(read('/dev/null').operands, []);
  });
});
