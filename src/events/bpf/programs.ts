import type { Assembler } from '../../host/linux/bpf/assembler.ts';
import { HELPERS } from '../../host/linux/bpf/kernel.ts';
import { EXEC, SAMPLE, SOCKET, SOCKET_KINDS, type SocketCall } from '../../parse/bpf-sample.ts';
import type { Offsets } from './offsets.ts';
import { beginProgram, type Maps, SampleProgram } from './program.ts';

/** A program, and the tracepoint that it is to run at. */
export interface Placed {
  readonly program: Assembler;
  /** `sched_…`, or one of the system calls, `sys_…`. */
  readonly tracepoint: string;
  /** Whether an event of the tracepoint has to be open on every processor. */
  readonly everywhere?: boolean;
}

/** Bytes of arguments of a program that are captured; `probe_error` says that there were more. */
const MAX_ARGUMENTS = 16 * 1024;
/** `sizeof(struct sockaddr_storage)`. */
const MAX_ADDRESS = 128;
/** `socket(2)`. */
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
/** `errno(3)`. */
const ENOTSOCK = 88;

/** System calls to what they are reported as. */
const SOCKET_CALLS: Readonly<Record<string, SocketCall>> = {
  connect: 'connect',
  bind: 'bind',
  listen: 'listen',
  accept: 'accept',
  accept4: 'accept',
};

/** Programs that report each program that is started. */
export function execPrograms(offsets: Offsets, maps: Maps): Placed[] {
  const { taskDirectory, directoryEntry, directoryMount } = offsets;
  const program = new SampleProgram(offsets, maps, EXEC.kind).begin(EXEC.size, { mustHaveBegun: false });
  programPath(program, offsets);
  program.task('r6').follow('r6', taskDirectory).set('r7', 'r6');
  program.follow('r6', directoryEntry).follow('r7', directoryMount).path(EXEC.directory);
  program.arguments(EXEC.arguments, MAX_ARGUMENTS).end();
  // Linux 7.0 reads the path of these two for whoever traces them, and runs nothing where no event is open on the processor.
  const begins = ['execve', 'execveat'].map((call) => ({
    program: beginProgram(maps, 0),
    tracepoint: `sys_enter_${call}`,
    everywhere: true,
  }));
  return [{ program, tracepoint: 'sched_process_exec' }, ...begins];
}

/** Programs that report calls of sockets when they return. */
export function socketPrograms(offsets: Offsets, maps: Maps): Placed[] {
  return Object.entries(SOCKET_CALLS).flatMap(([name, call]) => [
    { program: beginProgram(maps, name === 'listen' ? 2 : 3), tracepoint: `sys_enter_${name}` },
    { program: socketProgram(call, offsets, maps), tracepoint: `sys_exit_${name}` },
  ]);
}

function socketProgram(call: SocketCall, offsets: Offsets, maps: Maps): SampleProgram {
  const program = new SampleProgram(offsets, maps, SOCKET_KINDS[call]).begin(SOCKET.size, { mustHaveBegun: true });
  program.result('r7').store(4, 'r9', SAMPLE.exit, 'r7').argument('r6', 0).store(4, 'r9', SOCKET.descriptor, 'r6');
  if (call === 'connect' || call === 'bind') givenAddress(program);
  // What is no socket has no address; of a connection that was accepted it is the new descriptor.
  program.result('r7').when('r7', 'signed>=', 0, 'succeeded').add('r7', ENOTSOCK).when('r7', '==', 0, 'path');
  program.jump('found').label('succeeded');
  if (call === 'accept') program.set('r6', 'r7').store(4, 'r9', SOCKET.descriptor, 'r6');
  program.label('found');
  socketOf(program, offsets);
  ownAddresses(program, offsets);
  program.label('path');
  return programPath(program, offsets).end();
}

/** The path of the program that the process runs. */
function programPath(program: SampleProgram, offsets: Offsets): SampleProgram {
  const { taskMemory, memoryProgram, fileEntry, fileMount } = offsets;
  program.task('r6').follow('r6', taskMemory).follow('r6', memoryProgram).set('r7', 'r6');
  return program.follow('r6', fileEntry).follow('r7', fileMount).path(SAMPLE.program);
}

/** The address that the program gave with the call. */
function givenAddress(program: SampleProgram): void {
  program.argument('r7', 2).and('r7', 0x7fffffff).when('r7', '<=', MAX_ADDRESS, 'short').set('r7', MAX_ADDRESS);
  program.label('short').argument('r3', 1).set('r1', 'r9').add('r1', SOCKET.given).set('r2', 'r7');
  program.call(HELPERS.readUser).when('r0', '==', 0, 'given').error().jump('address');
  program.label('given').store(4, 'r9', SOCKET.givenLength, 'r7').label('address');
}

/** `r6`, a descriptor, becomes its `struct sock`; what is none goes to `path`. */
function socketOf(program: SampleProgram, offsets: Offsets): void {
  const { taskFiles, filesTable, tableSize, tableFiles, filePrivate, socketSock } = offsets;
  program.task('r7').follow('r7', taskFiles).follow('r7', filesTable).read(4, 'r1', 'r7', tableSize);
  program.and('r6', 0x7fffffff).when('r6', '>=', 'r1', 'path').follow('r7', tableFiles).shl('r6', 3).add('r6', 'r7');
  program.follow('r6', 0).when('r6', '==', 0, 'path').follow('r6', filePrivate).follow('r6', socketSock);
  program.when('r6', '==', 0, 'path');
}

/** Addresses of a `struct sock`, `r6`. */
function ownAddresses(program: SampleProgram, offsets: Offsets): void {
  const copy = (at: number, bytes: number, offset: number) => program.copy(at, bytes, 'r6', offset);
  copy(SOCKET.type, 2, offsets.type);
  copy(SOCKET.protocol, 2, offsets.protocol);
  copy(SOCKET.family, 2, offsets.family);
  program.load(2, 'r1', 'r9', SOCKET.family).when('r1', '==', AF_UNIX, 'unix').when('r1', '==', AF_INET, 'inet');
  program.when('r1', '!=', AF_INET6, 'path');
  copy(SOCKET.local, 16, offsets.local6);
  copy(SOCKET.remote, 16, offsets.remote6);
  program.jump('ports').label('inet');
  copy(SOCKET.local, 4, offsets.local4);
  copy(SOCKET.remote, 4, offsets.remote4);
  program.label('ports');
  copy(SOCKET.localPort, 2, offsets.localPort);
  copy(SOCKET.remotePort, 2, offsets.remotePort);
  program.jump('path').label('unix').follow('r6', offsets.unixAddress).when('r6', '==', 0, 'path');
  copy(SOCKET.localPort, 2, offsets.unixLength);
  copy(SOCKET.local, SOCKET.size - SOCKET.local, offsets.unixName);
}
