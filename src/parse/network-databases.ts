/** The databases of network names, `services(5)` and `protocols(5)`: words, then an optional comment after `#`. */

export interface Service {
  readonly name: string;
  readonly port: number;
  /** `tcp`, `udp`, `sctp`, … */
  readonly protocol: string;
  readonly aliases: readonly string[];
  readonly comment: string;
}

export interface Protocol {
  readonly name: string;
  readonly number: number;
  readonly aliases: readonly string[];
  readonly comment: string;
}

/** Lines that lack `port/protocol` are skipped. */
export function* parseServices(content: string): Generator<Service> {
  for (const { words, comment } of entries(content)) {
    const [name, endpoint, ...aliases] = words;
    const [port, protocol, ...rest] = (endpoint ?? '').split('/');
    if (name === undefined || !isNumber(port) || !protocol || rest.length > 0) continue;
    yield { name, port: Number(port), protocol, aliases, comment };
  }
}

/** Lines without a number are skipped. */
export function* parseProtocols(content: string): Generator<Protocol> {
  for (const { words, comment } of entries(content)) {
    const [name, number, ...aliases] = words;
    if (name === undefined || !isNumber(number)) continue;
    yield { name, number: Number(number), aliases, comment };
  }
}

function* entries(content: string): Generator<{ words: string[]; comment: string }> {
  for (const line of content.split('\n')) {
    const [text, ...comments] = line.split('#');
    const words = text!.split(/[ \t\r]+/).filter((word) => word !== '');
    // A comment with `#` inside is shown with its parts apart.
    const parts = comments.map((part) => part.trim()).filter((part) => part !== '');
    if (words.length > 0) yield { words, comment: parts.join(' # ') };
  }
}

function isNumber(text: string | undefined): boolean {
  return text !== undefined && /^[0-9]{1,9}$/.test(text);
}
