/**
 * What the compiler refuses in a declaration of a table. `tsc` in the gate is the test: where nothing is wrong, an
 * expected error is itself an error. Nothing here runs.
 */
import { bigint, blob, double, integer, text, unsignedBigint } from '../../src/schema/columns.ts';
import { type Query, table } from '../../src/schema/table.ts';

const columns = {
  pid: bigint('Process id', { index: true, optimized: true }),
  path: text('Path of the program', { additional: true }),
  name: text('Name of the program'),
  threads: integer('How many threads it has'),
  inode: unsignedBigint('Inode of the program', { required: true }),
  ratio: double('Share of the processor'),
  digest: blob('Digest of the program', { hidden: true }),
};

type Asked = Query<typeof columns>;

const complete = {
  name: 'sample',
  description: 'A sample.',
  platforms: ['linux'],
  columns,
  examples: ['select * from sample'],
} as const;

export const good = table({
  ...complete,
  *generate({ row, values, patterns, bounds, uses }) {
    const pids: readonly number[] | undefined = values('pid');
    const paths: readonly string[] | undefined = values('path');
    const { min = 0, max = 1 } = bounds('pid');
    const shared = { pid: 1, name: 'init' };
    yield row({ ...shared, path: paths?.[0], threads: min + max, digest: Uint8Array.of(1) });
    if (uses('ratio', 'inode')) yield row({ pid: 2n ** 60n, threads: true, ratio: 0.5, inode: pids?.[0], name: null });
    if (patterns('path').length > 0) yield row({});
  },
});

export function rows({ row }: Asked): void {
  // @ts-expect-error a column that is not declared
  row({ pid: 1, command: 'init' });
  const extra = { pid: 1, command: 'init' };
  // @ts-expect-error the same behind a spread
  row({ ...extra, name: 'init' });
  // @ts-expect-error the same in a variable
  row(extra);
  // @ts-expect-error a text in a number's place
  row({ pid: '1' });
  // @ts-expect-error a number in a text's place
  row({ name: 1 });
  // @ts-expect-error an exact integer where a fraction is wanted
  row({ ratio: 1n });
  // @ts-expect-error a text in a blob's place
  row({ digest: 'abc' });
  // @ts-expect-error a boolean in a text's place
  row({ name: true });
}

export function constraints({ values, patterns, bounds, uses }: Asked): void {
  // @ts-expect-error a column without required, index, additional or optimized
  values('name');
  // @ts-expect-error hidden alone does not let a table read the constraint
  values('digest');
  // @ts-expect-error no such column
  values('command');
  // @ts-expect-error a column without an option
  patterns('threads');
  // @ts-expect-error a column without an option
  bounds('ratio');
  // @ts-expect-error no such column
  uses('command');
  // @ts-expect-error values of a number are numbers
  const paths: readonly string[] | undefined = values('pid');
  void paths;
}

export const bare = table({
  ...complete,
  // @ts-expect-error an object that did not go through row()
  *generate() {
    yield { pid: 1 };
  },
});

// @ts-expect-error a row of another table
export const foreign = table({
  ...complete,
  *generate() {
    for (const row of other.generate({} as Query<typeof other.columns>)) yield row;
  },
});

const other = table({
  ...complete,
  columns: { pid: bigint('Process id'), command: text('Command line') },
  *generate({ row }) {
    yield row({ pid: 1 });
  },
});

// @ts-expect-error no examples
export const withoutExamples = table({ ...complete, examples: undefined, *generate() {} });

// @ts-expect-error no such platform
export const elsewhere = table({ ...complete, platforms: ['beos'], *generate() {} });

// @ts-expect-error no such option
export const option = text('Name', { indexed: true });

// @ts-expect-error an option is on or left out
export const off = text('Name', { index: false });

// @ts-expect-error no such collation
export const collation = text('Name', { collate: 'binary' });

// @ts-expect-error a column has a description
export const undescribed = integer();
