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
  #keys: readonly { readonly index: number; readonly text: string }[] = [];
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
    this.#keys = [...last]
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([name, index]) => ({ index, text: quote(name) }));
  }

  row(cells: readonly Cell[]): void {
    const pairs = this.#keys.map(({ index, text }) => {
      const value = quote(cells[index] ?? this.#nullValue);
      return this.#indented ? `    ${text}: ${value}` : `${text}:${value}`;
    });
    const first = this.#rows++ === 0;
    if (this.#indented) this.#out.write(`${first ? '[\n' : ',\n'}  {\n${pairs.join(',\n')}\n  }`);
    else this.#out.write(`${first ? '' : ',\n'}  {${pairs.join(',')}}`);
  }

  end(): void {
    if (!this.#indented) this.#out.write('\n]\n');
    else this.#out.write(this.#rows === 0 ? '[]\n' : '\n]\n');
  }
}

function quote(text: string): string {
  return JSON.stringify(printable(text));
}
