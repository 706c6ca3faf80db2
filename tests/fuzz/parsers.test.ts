/**
 * Every parser on inputs that nobody would write: samples from the test machines, cut, doubled, with bytes exchanged. A
 * parser gives what it can make of them or throws `MalformedInput`; it never throws anything else, and never takes longer
 * than its input is long.
 *
 * `FUZZ_ROUNDS=100000 node --test tests/fuzz/parsers.test.ts` looks deeper; a failure says the seed and the input.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, test } from 'node:test';
import { MalformedInput } from '../../src/base/errors.ts';
import { PackedValues } from '../../src/base/packed-values.ts';
import { describePrivateKey } from '../../src/base/private-key.ts';
import { decodeText } from '../../src/base/text.ts';
import { withMemoryLimit } from '../../src/base/wasm-memory.ts';
import { AuditAssembler } from '../../src/events/audit/assemble.ts';
import { FileTracker } from '../../src/events/audit/file-tracker.ts';
import { auditArguments, auditNumber, auditText, parseAuditRecord } from '../../src/parse/audit-record.ts';
import { parseAuthorizedKeys } from '../../src/parse/authorized-keys.ts';
import { parseBpfSample } from '../../src/parse/bpf-sample.ts';
import { parseCpuinfo } from '../../src/parse/cpuinfo.ts';
import { parseCrontab } from '../../src/parse/crontab.ts';
import { parseDpkgStatus } from '../../src/parse/dpkg-status.ts';
import { parseFanotify } from '../../src/parse/fanotify.ts';
import { formatFileCapabilities } from '../../src/parse/file-capabilities.ts';
import { parseHardwareUuid } from '../../src/parse/hardware-uuid.ts';
import { parseHosts } from '../../src/parse/hosts.ts';
import { parseInotify } from '../../src/parse/inotify.ts';
import { parseIomem } from '../../src/parse/iomem.ts';
import { parseKernelCommandLine } from '../../src/parse/kernel-command-line.ts';
import { parseKernelModules } from '../../src/parse/kernel-modules.ts';
import { parseMeminfo } from '../../src/parse/meminfo.ts';
import { parseMounts } from '../../src/parse/mounts.ts';
import { parseProtocols, parseServices } from '../../src/parse/network-databases.ts';
import { parseOpenSshKey } from '../../src/parse/openssh-key.ts';
import { parseOsRelease } from '../../src/parse/os-release.ts';
import { parseGroup, parsePasswd } from '../../src/parse/passwd.ts';
import { posixZoneAbbreviation } from '../../src/parse/posix-time-zone.ts';
import { parseLimits } from '../../src/parse/proc-limits.ts';
import { parseArp, parseInterfaceNames } from '../../src/parse/proc-net.ts';
import { parseInternetSocket, parsePacketSocket, parseUnixSocket } from '../../src/parse/proc-net-sockets.ts';
import { parseProcPidIo } from '../../src/parse/proc-pid-io.ts';
import { parseProcPidMaps } from '../../src/parse/proc-pid-maps.ts';
import { parseProcPidStat } from '../../src/parse/proc-pid-stat.ts';
import { parseProcIdentity, parseResidentSize, parseThreadGroup } from '../../src/parse/proc-pid-status.ts';
import { parseCpuTimes } from '../../src/parse/proc-stat.ts';
import { parseProcessorList } from '../../src/parse/processor-list.ts';
import { parseResolvConf } from '../../src/parse/resolv-conf.ts';
import { parseInterfaceAddress, parseLink, parseRoute } from '../../src/parse/rtnetlink.ts';
import { parseShadow } from '../../src/parse/shadow.ts';
import { parseShellHistory } from '../../src/parse/shell-history.ts';
import { parseSmbios } from '../../src/parse/smbios.ts';
import { parseSocketAddress } from '../../src/parse/sockaddr.ts';
import { parseJournal } from '../../src/parse/sqlite-journal.ts';
import { parseWal } from '../../src/parse/sqlite-wal.ts';
import { parseSudoers } from '../../src/parse/sudoers.ts';
import { parseSyslogLine } from '../../src/parse/syslog-line.ts';
import { parseSharedMemory } from '../../src/parse/sysvipc-shm.ts';
import { zoneNameAt } from '../../src/parse/tzif.ts';
import { decodeUdevValue, parseUdevProperties } from '../../src/parse/udev-database.ts';
import { parseUevent } from '../../src/parse/uevent.ts';
import { parseUtmp } from '../../src/parse/utmp.ts';
import { parseYaraIncludes } from '../../src/parse/yara-include.ts';
import { eventsOf, Packer } from '../../src/store/event-pack.ts';
import { loadMachine } from '../../src/testing/machines.ts';
import { random } from '../engine/support.ts';

const ROUNDS = Number(process.env['FUZZ_ROUNDS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

const { files } = loadMachine('debian');
const sample = (path: string) => files.readBytes(path);
const SOCKET = Buffer.from(
  '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 30001 1 0 100 0 0 10 0',
);
/** `struct sockaddr_un` of a name in no directory, `unix(7)`. */
const SOCKET_ADDRESS = Buffer.from('\x01\0\0name');
const CAPABILITIES = Buffer.from('0100000200200000000000000000000000000000', 'hex');
/** A module with a memory, and an export of it. */
const WASM = Buffer.from('0061736d01000000' + '0503010001' + '070501016d0200', 'hex');
const YARA_RULES = Buffer.from(
  'import "pe"\ninclude "a.yar" // "\ninclude\n"b.yar" /* } */\nrule x { strings: $a = "{\\"" $b = /[{"]\\//i $c = { 4D [2-4] ( 5A | 00 ) } condition: filesize / 2 > 4 and $a }\n',
);
/** A RTM_NEWLINK with a name and an address (`rtnetlink(7)`). */
const LINK = Buffer.from(
  '00000100010000004910000000000000070003006c6f00000a00010000000000000000000800040000000100',
  'hex',
);

const AUDIT_FILES = readFileSync(join(import.meta.dirname, '../captures/audit-files.txt')).subarray(0, 20_000);
const NO_MACHINE = { processes: () => [1], descriptor: () => '/x', inode: () => 1 };

type Parse = (bytes: Buffer, text: string) => unknown;

/** Reads of a file that lies in memory. */
const readsOf = (bytes: Buffer) => (position: number, length: number) =>
  position + length <= bytes.length ? bytes.subarray(position, position + length) : undefined;

const { wal: WAL, journal: JOURNAL } = sqliteLogs();
const AUDIT = readFileSync(join(import.meta.dirname, '../captures/audit-exec.txt')).subarray(0, 20_000);

const FANOTIFY = Buffer.from(
  readFileSync(new URL('../captures/fanotify-etc.txt', import.meta.url), 'latin1')
    .split('\nR ')[1]!
    .trim(),
  'hex',
);
const [BPF_EXEC, BPF_SOCKET] = readFileSync(
  new URL('../captures/bpf-programs-and-sockets.txt', import.meta.url),
  'latin1',
)
  .split('\n')
  .slice(8, 10)
  .map((line) => Buffer.from(line, 'hex')) as [Buffer, Buffer];

const SYSLOG = Buffer.concat(
  ['csv', 'rfc3164', 'rfc5424'].map((name) =>
    readFileSync(join(import.meta.dirname, `../captures/syslog-${name}.txt`)),
  ),
);
/** Of a disk that changed. */
const UEVENTS = Object.fromEntries(
  ['kernel', 'daemon'].map((name) => {
    const lines = readFileSync(join(import.meta.dirname, `../captures/udev-${name}.txt`), 'latin1').split('\n');
    return [name, Buffer.from(lines[1]!, 'hex')];
  }),
);

const parsers: Readonly<Record<string, readonly [sample: Buffer, parse: Parse]>> = {
  audit: [
    AUDIT,
    (_, text) => {
      const records = text
        .split('\n')
        .flatMap((line) => attempt(() => parseAuditRecord(1309, line.slice(5), 'fuzz')) ?? []);
      const calls = text
        .split('\n')
        .flatMap((line) => attempt(() => parseAuditRecord(1300, line.slice(5), 'fuzz')) ?? []);
      const named = calls.map((record) => auditNumber(record.field('exit')) ?? auditText(record.field('exe')));
      return [
        auditArguments(records.map(({ body }) => body)),
        named,
        records.flatMap(({ fields }) => [...fields.values()].map(auditText)),
      ];
    },
  ],
  'kept events': [
    keptEvents(),
    (bytes) =>
      eventsOf({ last: 9, time: 1, form: 'kept', bytes }).map((event) => [event.occurred, valuesOf(event.bytes)]),
  ],
  'bpf sample': [BPF_EXEC, (bytes) => allOf(parseBpfSample(bytes))],
  'bpf sample of a socket': [BPF_SOCKET, (bytes) => allOf(parseBpfSample(bytes))],
  fanotify: [FANOTIFY, (bytes) => parseFanotify(bytes)],
  inotify: [
    Buffer.from('01000000000100000000000010000000610000000000000000000000', 'hex'),
    (bytes) => parseInotify(bytes),
  ],
  'audit files': [
    AUDIT_FILES,
    (_, text) => {
      const tracker = new FileTracker({ matches: () => true, accesses: true, partial: true }, NO_MACHINE);
      const told: unknown[] = [];
      const assembler = new AuditAssembler((event) => told.push(tracker.heard(event)));
      for (const line of text.split('\n')) {
        attempt(() => assembler.add(parseAuditRecord(Number(line.slice(0, 4)), line.slice(5), 'fuzz'), 0));
      }
      assembler.tick(1e9);
      return told;
    },
  ],
  'authorized keys': [sample('/root/.ssh/authorized_keys'), (_, text) => [...parseAuthorizedKeys(text)]],
  capabilities: [CAPABILITIES, (bytes) => formatFileCapabilities(bytes, 'fuzz')],
  cpuinfo: [sample('/proc/cpuinfo').subarray(0, 4000), (_, text) => parseCpuinfo(text)],
  crontab: [sample('/etc/crontab'), (_, text) => [...parseCrontab(text)]],
  dpkg: [sample('/var/lib/dpkg/status'), (_, text) => [...parseDpkgStatus(text)].map((one) => one.field('Version'))],
  group: [sample('/etc/group'), (_, text) => [...parseGroup(text)]],
  'hardware uuid': [sample('/sys/class/dmi/id/product_uuid'), (_, text) => parseHardwareUuid(text)],
  hosts: [sample('/etc/hosts'), (_, text) => [...parseHosts(text)]],
  iomem: [sample('/proc/iomem'), (_, text) => [...parseIomem(text)]],
  'kernel command line': [sample('/proc/cmdline'), (_, text) => parseKernelCommandLine(text)],
  'kernel modules': [sample('/proc/modules'), (_, text) => [...parseKernelModules(text)]],
  limits: [sample('/proc/self/limits'), (_, text) => [...parseLimits(text)]],
  meminfo: [sample('/proc/meminfo'), (_, text) => parseMeminfo(text)],
  mounts: [sample('/proc/self/mounts'), (_, text) => [...parseMounts(text)]],
  'openssh key': [sample('/root/.ssh/id_ecdsa'), (_, text) => parseOpenSshKey(text, 'fuzz')],
  'os-release': [sample('/usr/lib/os-release'), (_, text) => parseOsRelease(text)],
  passwd: [sample('/etc/passwd'), (_, text) => [...parsePasswd(text)]],
  'pem key': [sample('/root/.ssh/id_rsa'), (_, text) => describePrivateKey(text)],
  'processor list': [Buffer.from('0-3,8,10-4000'), (_, text) => parseProcessorList(text)],
  'posix time zone': [Buffer.from('CET-1CEST,M3.5.0,M10.5.0/3'), (_, text) => posixZoneAbbreviation(text, 1717243200)],
  'proc arp': [sample('/proc/net/arp'), (_, text) => [...parseArp(text)]],
  'proc dev': [sample('/proc/net/dev'), (_, text) => [...parseInterfaceNames(text)]],
  'proc io': [sample('/proc/1/io'), (_, text) => parseProcPidIo(text)],
  'proc maps': [sample('/proc/1/maps'), (_, text) => [...parseProcPidMaps(text)]],
  'proc pid stat': [sample('/proc/845/stat'), (_, text) => parseProcPidStat(text)],
  'proc stat': [sample('/proc/stat'), (_, text) => [...parseCpuTimes(text)]],
  'proc status': [
    sample('/proc/1/status'),
    (_, text) => [parseProcIdentity(text), parseResidentSize(text), parseThreadGroup(text)],
  ],
  protocols: [sample('/etc/protocols'), (_, text) => [...parseProtocols(text)]],
  'resolv.conf': [sample('/etc/resolv.conf'), (_, text) => parseResolvConf(text)],
  rtnetlink: [
    LINK,
    (bytes) => [attempt(() => parseLink(bytes)), attempt(() => parseInterfaceAddress(bytes)), parseRoute(bytes)],
  ],
  services: [sample('/etc/services'), (_, text) => [...parseServices(text)]],
  shadow: [sample('/etc/shadow'), (_, text) => [...parseShadow(text)]],
  'shared memory': [sample('/proc/sysvipc/shm'), (_, text) => [...parseSharedMemory(text)]],
  'shell history': [sample('/home/ada/.zsh_history'), (_, text) => [...parseShellHistory(text)]],
  smbios: [sample('/sys/firmware/dmi/tables/DMI'), (bytes) => [...parseSmbios(bytes)]],
  'socket address': [SOCKET_ADDRESS, (bytes) => parseSocketAddress(bytes)],
  sockets: [SOCKET, (_, text) => [parseInternetSocket(text, 6), parseUnixSocket(text), parsePacketSocket(text)]],
  'sqlite journal': [JOURNAL, (bytes) => parseJournal(readsOf(bytes), 'fuzz')],
  'sqlite log': [WAL, (bytes) => parseWal(readsOf(bytes), 'fuzz')],
  sudoers: [sample('/etc/sudoers'), (_, text) => [...parseSudoers(text)]],
  'syslog line': [SYSLOG, (_, text) => text.split('\n').map((line) => attempt(() => parseSyslogLine(line, 'fuzz')))],
  tzif: [sample('/usr/share/zoneinfo/Europe/Berlin'), (bytes) => zoneNameAt(bytes, 1717243200)],
  'udev database': [sample('/run/udev/data/b8:1'), (_, text) => [parseUdevProperties(text), decodeUdevValue(text)]],
  'uevent of the kernel': [UEVENTS.kernel!, (bytes) => parseUevent(bytes, 'fuzz')],
  'uevent of udev': [UEVENTS.daemon!, (bytes) => parseUevent(bytes, 'fuzz')],
  utmp: [sample('/var/log/wtmp'), (bytes) => [...parseUtmp(bytes)]],
  'wasm memory': [WASM, (bytes) => withMemoryLimit(bytes, 1_000_000)],
  'yara includes': [
    YARA_RULES,
    (_, text) => assert.equal(parseYaraIncludes(text, 'fuzz').text.length, text.length, 'lines and columns stay'),
  ],
};

describe(`seed ${SEED}`, () => {
  for (const [name, [start, parse]] of Object.entries(parsers)) {
    test(name, () => {
      assert.ok(start.length > 0);
      const next = random(SEED);
      for (let round = 0; round < ROUNDS; round++) {
        const bytes = mutated(start, next);
        try {
          parse(bytes, decodeText(bytes));
        } catch (cause) {
          if (cause instanceof MalformedInput) continue;
          throw new Error(`on ${bytes.toString('base64')}`, { cause });
        }
      }
    });
  }
});

test('no parser takes more than time in proportion to its input', () => {
  for (const [name, [, parse]] of Object.entries(parsers)) {
    for (const unit of [
      'a',
      ' ',
      '\t',
      '\\',
      '"',
      '#',
      '=',
      ':',
      '/',
      '-',
      '0',
      '\n',
      'a ',
      ' a',
      '\\\n',
      '"a',
      '-----BEGIN PRIVATE KEY-----\n',
      ': 0',
      '#1\n',
    ]) {
      const [quarter, whole] = [inputOf(unit, LONG / 4), inputOf(unit, LONG)];
      let ratio = Number.POSITIVE_INFINITY;
      // A collection of garbage may fall into one of them, so the best of several counts.
      for (let tries = 0; tries < 5 && !(ratio < MOST_TIMES); tries++) {
        const cost = cpuOf(parse, whole);
        // Too little to compare: what grows with the square takes minutes.
        ratio = cost < LITTLE_US ? 1 : Math.min(ratio, cost / cpuOf(parse, quarter));
      }
      assert.ok(
        ratio < MOST_TIMES,
        `${name} on ${JSON.stringify(unit)} repeated: ${ratio} times the time for 4 times as much`,
      );
    }
  }
});

/** Bytes of input. */
const LONG = 300_000;
/** Linear time is 4, quadratic 16. */
const MOST_TIMES = 8;
/** Microseconds. */
const LITTLE_US = 20_000;

function inputOf(unit: string, length: number): Buffer {
  return Buffer.from(unit.repeat(Math.ceil(length / unit.length)));
}

/** Microseconds of processor time, which another program that runs beside does not change. */
function cpuOf(parse: Parse, bytes: Buffer): number {
  const before = process.threadCpuUsage();
  attempt(() => parse(bytes, decodeText(bytes)));
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** A write-ahead log and a rollback journal with some pages in them. */
function sqliteLogs(): { wal: Buffer; journal: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'osquery-fuzz-'));
  try {
    using wal = new DatabaseSync(join(folder, 'wal'));
    wal.exec('PRAGMA page_size = 512; PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    using journal = new DatabaseSync(join(folder, 'journal'));
    journal.exec('PRAGMA page_size = 512; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(5000))');
    journal.exec(
      'PRAGMA cache_size = 1; BEGIN; UPDATE t SET a = zeroblob(6000); INSERT INTO t VALUES (zeroblob(90000))',
    );
    return { wal: readFileSync(join(folder, 'wal-wal')), journal: readFileSync(join(folder, 'journal-journal')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function mutated(start: Buffer, next: () => number): Buffer {
  const below = (limit: number) => Math.floor(next() * limit);
  let bytes = Buffer.from(start);
  for (let changes = below(6); changes >= 0; changes--) {
    const at = below(bytes.length + 1);
    const to = at + below(Math.min(64, bytes.length - at + 1));
    const kind = below(6);
    if (kind === 0) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    else if (kind === 2) bytes = bytes.subarray(0, at);
    else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(NASTY[below(NASTY.length)]!), bytes.subarray(at)]);
    else if (at < bytes.length) bytes[at] = kind === 4 ? below(256) : bytes[at]! ^ (1 << below(8));
  }
  return bytes;
}

const NASTY = [
  '\0',
  '\n',
  '\n\n',
  ':',
  '=',
  ' ',
  '"',
  "'",
  '\\',
  '(',
  ')',
  '99999999999999999999',
  '-1',
  '0x',
  'NaN',
  '\ud800',
  '__proto__',
  'constructor',
  '\xff\xff\xff\xff',
  '%h',
];

/** The value, or undefined where the input is said to be malformed. */
/** Two events, of numbers and texts. */
function keptEvents(): Buffer {
  const packer = new Packer();
  for (const text of ['one', 'two']) packer.values(new Float64Array([1, 2]), [text, 'x']);
  return Buffer.from(packer.take()[0]!.bytes);
}

function valuesOf(bytes: Buffer): unknown {
  const values = new PackedValues(bytes);
  const numbers = Array.from({ length: values.numbers }, (_, i) => values.number(i));
  return [numbers, Array.from({ length: values.texts }, (_, i) => values.text(i))];
}

/** All that getters give. */
function allOf(found: object): unknown[] {
  const names: string[] = [];
  for (let at = found; at !== Object.prototype; at = Object.getPrototypeOf(at))
    names.push(...Object.getOwnPropertyNames(at));
  return names.filter((name) => name !== 'constructor').map((name) => found[name as keyof object]);
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof MalformedInput) return undefined;
    throw cause;
  }
}
