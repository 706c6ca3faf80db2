interface Made {
  exports: unknown;
}

/** What of the interface of WebAssembly is put in the place of something else. */
interface Interface {
  Module: unknown;
  Instance: unknown;
}

/**
 * YARA makes a module of WebAssembly of the conditions of rules. For each scan it compiles it anew, and makes an instance
 * that it never lets go of: 80 KB, and 3,000 scans are the end of its thread (seen with 1.20.0). So during a scan it gets
 * the module that was compiled at first, and an instance that can be emptied afterwards.
 */
export class Conditions {
  #bytes: Uint8Array | undefined;
  #module: WebAssembly.Module | undefined;

  during<T>(scan: () => T): T {
    const web = WebAssembly as Interface;
    const { Module, Instance } = WebAssembly;
    const made: Made[] = [];
    web.Module = new Proxy(Module, { construct: (_, [bytes]) => this.#compiled(bytes, Module) });
    web.Instance = new Proxy(Instance, {
      construct(_, [module, imports]) {
        const instance: Made = { exports: new Instance(module, imports).exports };
        made.push(instance);
        return instance;
      },
    });
    try {
      return scan();
    } finally {
      web.Module = Module;
      web.Instance = Instance;
      for (const instance of made) instance.exports = undefined;
    }
  }

  #compiled(bytes: Uint8Array, Module: typeof WebAssembly.Module): WebAssembly.Module {
    if (this.#module === undefined || this.#bytes === undefined || Buffer.compare(this.#bytes, bytes) !== 0) {
      this.#module = new Module(bytes);
      this.#bytes = bytes;
    }
    return this.#module;
  }
}
