/**
 * SQLite calls back through function pointers: indexes into the module's function table, which takes only WASM
 * functions. One tiny module imports all our JavaScript callbacks and exports them again as WASM functions; built as
 * bytes once, because compiling a module for each callback costs 0.1 ms each.
 * Format: https://webassembly.github.io/spec/core/binary/
 */

// biome-ignore lint/suspicious/noExplicitAny: the signature string says what the callback takes
export type Callback = (...args: any[]) => number | bigint | undefined;

/** Result then parameters, a letter each: `v`oid, `i`32, `j` (i64), `d` (f64). `vii` is void f(i32, i32). */
export type Signature = string;

export interface Callbacks {
  readonly [name: string]: readonly [Signature, Callback];
}

const VALUE_TYPE: Readonly<Record<string, number>> = { i: 0x7f, j: 0x7e, d: 0x7c };
const SECTION_TYPE = 1;
const SECTION_IMPORT = 2;
const SECTION_EXPORT = 7;

/** Installs `callbacks` in `table`; the function pointer of each by its name. */
export function install<const C extends Callbacks>(table: WebAssembly.Table, callbacks: C): Record<keyof C, number> {
  const names = Object.keys(callbacks);
  const signatures = [...new Set(names.map((name) => callbacks[name]![0]))];
  const bytes = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(SECTION_TYPE, signatures.map(functionType)),
    ...section(
      SECTION_IMPORT,
      names.map((name, i) => [...text('f'), ...text(String(i)), 0, signatures.indexOf(callbacks[name]![0])]),
    ),
    ...section(
      SECTION_EXPORT,
      names.map((_, i) => [...text(String(i)), 0, ...unsigned(i)]),
    ),
  ];
  const imports: Record<string, Callback> = {};
  names.forEach((name, i) => {
    imports[i] = callbacks[name]![1];
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), { f: imports });
  const first = table.grow(names.length);
  const pointers: Record<string, number> = {};
  names.forEach((name, i) => {
    table.set(first + i, exports[i]);
    pointers[name] = first + i;
  });
  return pointers as Record<keyof C, number>;
}

function functionType(signature: Signature): number[] {
  const parameters = [...signature.slice(1)].map((letter) => VALUE_TYPE[letter]!);
  const results = signature[0] === 'v' ? [] : [VALUE_TYPE[signature[0]!]!];
  return [0x60, parameters.length, ...parameters, results.length, ...results];
}

function section(id: number, items: number[][]): number[] {
  const body = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(body.length), ...body];
}

function text(value: string): number[] {
  return [value.length, ...Buffer.from(value, 'latin1')];
}

/** LEB128. */
function unsigned(value: number): number[] {
  const out: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...out, rest];
    out.push((rest & 0x7f) | 0x80);
  }
}
