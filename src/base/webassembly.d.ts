/** The part of the WebAssembly JavaScript interface in use; TypeScript keeps it with the browser's types. */
declare namespace WebAssembly {
  type ImportValue = ((...args: never[]) => number | bigint | undefined | undefined) | Memory | Table;
  type Imports = Record<string, Record<string, ImportValue>>;
  class Module {
    constructor(bytes: Uint8Array);
    static imports(module: Module): { module: string; name: string; kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports: Imports);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(size: { initial: number; maximum: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Table {
    grow(count: number): number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
  }
}
