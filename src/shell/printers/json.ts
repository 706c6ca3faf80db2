import { printable } from '../../base/text.ts';
import type { Cell, Output, Printer } from './printer.ts';

/**
 * osquery's JSON: every value a string, NULL as configured (usually empty), keys in byte order, the last of two equal
 * names wins; one object a line, or indented.
 */
export class JsonPrinter implements Printer {
  readonly #out: Output;
  readonly #nullValue: string;
  readonly #indented: boolean;
  /** Which cell each pair shows, and the text before its value. */
  #pairs: readonly { readonly index: number; readonly before: string }[] = [];
  #rows = 0;

  constructor(out: Output, nullValue: string, indented: boolean) {
    this.#out = out;
    this.#nullValue = nullValue;
    this.#indented = indented;
  }

  begin(): void {
    this.#rows = 0;
    if (!this.#indented) this.#out.write('[\n');
  }

  columns(names: readonly string[]): void {
    const last = new Map(names.map((name, index) => [name, index]));
    const [first, between] = this.#indented ? ['    ', ',\n    '] : ['', ','];
    const colon = this.#indented ? ': ' : ':';
    this.#pairs = [...last]
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([name, index], i) => ({ index, before: `${i === 0 ? first : between}${quote(name)}${colon}` }));
  }

  row(cells: readonly Cell[]): void {
    let pairs = '';
    for (const { index, before } of this.#pairs) pairs += before + quote(cells[index] ?? this.#nullValue);
    const first = this.#rows++ === 0;
    if (this.#indented) this.#out.write(`${first ? '[\n' : ',\n'}  {\n${pairs}\n  }`);
    else this.#out.write(`${first ? '' : ',\n'}  {${pairs}}`);
  }

  end(): void {
    if (!this.#indented) this.#out.write('\n]\n');
    else this.#out.write(this.#rows === 0 ? '[]\n' : '\n]\n');
  }
}

/** What JSON shows as it is: most cells. */
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(printable(text));
}
