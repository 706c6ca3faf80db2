import type { Uevent } from '../parse/uevent.ts';

/** What happened to a device. */
export interface DeviceEvent {
  /** Nanoseconds since the epoch when it was heard: messages have no time of their own. */
  readonly occurred: bigint;
  readonly uevent: Uevent;
}
