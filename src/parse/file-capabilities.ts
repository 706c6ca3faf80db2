import { MalformedInput } from '../base/errors.ts';

/** `capabilities(7)` of a file, as the attribute `security.capability` holds them. */

/** In order of their numbers, `include/uapi/linux/capability.h`; a newer one is shown as its number. */
const NAMES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** Bytes of revisions 1, 2 and 3; 3 ends in the user id that is root in the namespace it holds for. */
const SIZES = new Map([
  [1, 12],
  [2, 20],
  [3, 24],
]);
const FLAG_EFFECTIVE = 1;

/** As libcap numbers them: the order of the clauses depends on it. */
const EFFECTIVE = 1;
const PERMITTED = 2;
const INHERITABLE = 4;

/**
 * The text that `getcap(8)` and `cap_to_text(3)` write: `cap_net_raw=ep`, or `=ep cap_bpf-ep` where most are set.
 * Throws `MalformedInput`.
 */
export function formatFileCapabilities(bytes: Buffer, source: string): string {
  const magic = bytes.length >= 4 ? bytes.readUInt32LE(0) : 0;
  const revision = magic >>> 24;
  if (SIZES.get(revision) !== bytes.length)
    throw new MalformedInput(source, 0, `not capabilities: ${bytes.length} bytes`);
  const effective = (magic & FLAG_EFFECTIVE) !== 0;
  const words = revision === 1 ? 1 : 2;
  const states: number[] = [];
  for (let number = 0; number < 32 * words; number++) {
    const word = 4 + 8 * (number >> 5);
    const permitted = (bytes.readUInt32LE(word) >>> (number & 31)) & 1;
    const inheritable = (bytes.readUInt32LE(word + 4) >>> (number & 31)) & 1;
    const state = permitted * PERMITTED + inheritable * INHERITABLE;
    states.push(state !== 0 && effective ? state + EFFECTIVE : state);
  }
  return formatStates(states);
}

/** The state that most known capabilities share is said once; each other one names those that differ. */
function formatStates(states: readonly number[]): string {
  const counts = new Array<number>(8).fill(0);
  for (const [number] of NAMES.entries()) counts[states[number] ?? 0]!++;
  const common = counts.indexOf(Math.max(...counts));
  const clauses = common === 0 ? [] : [`=${letters(common)}`];
  for (let state = 7; state >= 0; state--) {
    const names = NAMES.map((name) => `cap_${name}`).filter((_, number) => (states[number] ?? 0) === state);
    if (state === common || names.length === 0) continue;
    const added = letters(state & ~common);
    const removed = letters(common & ~state);
    const plus = clauses.length === 0 ? '=' : '+';
    clauses.push(names.join(',') + (added && plus + added) + (removed && `-${removed}`));
  }
  if (clauses.length === 0) clauses.push('=');
  for (let state = 7; state > 0; state--) {
    const numbers = states.flatMap((other, number) => (number >= NAMES.length && other === state ? [number] : []));
    if (numbers.length > 0) clauses.push(`${numbers.join(',')}+${letters(state)}`);
  }
  return clauses.join(' ');
}

function letters(state: number): string {
  return `${state & EFFECTIVE ? 'e' : ''}${state & INHERITABLE ? 'i' : ''}${state & PERMITTED ? 'p' : ''}`;
}
