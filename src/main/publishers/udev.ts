import { HostError } from '../../base/errors.ts';
import { UdevPublisher } from '../../events/udev/publisher.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { KERNEL, UDEV, UeventSocket } from '../../host/linux/uevent-socket.ts';
import type { Starter } from './starter.ts';

/** There while udev runs, `sd_device_monitor` looks for it, too. */
const CONTROL = '/run/udev/control';

const { files } = new LinuxHost();

/** Hears what happens to devices: from udev, whose rules know more of them, else from the kernel. */
export const udev: Starter = {
  name: 'udev',
  isOn: () => true,
  tableFlags: {},
  start({ options, recording, emit, say }) {
    const withoutTypes = options.string('hardware_disabled_types').split(',');
    try {
      const source = recording?.udev() ?? new UeventSocket(files.exists(CONTROL) ? UDEV : KERNEL);
      return new UdevPublisher(source, new Set(withoutTypes.map((type) => type.trim())), emit);
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      // It runs unless it is switched off, also where a sandbox has no such sockets.
      say('WARNING', `udev: devices are not heard: ${cause.message}`);
      return undefined;
    }
  },
};
