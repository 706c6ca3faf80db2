import { ifReadable } from '../../base/errors.ts';
import { SyslogPublisher } from '../../events/syslog/publisher.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import { NamedPipe } from '../../host/linux/named-pipe.ts';
import { parseGroup } from '../../parse/passwd.ts';
import type { Starter } from './starter.ts';

/** We read, and syslog, which opens it for both, reads and writes. */
const MODE = 0o460;
/** Of whom rsyslog is where it does not run as root. */
const GROUP = 'syslog';

const { files } = new LinuxHost();

/** Hears the messages of syslog. */
export const syslog: Starter = {
  name: 'syslog',
  isOn: (options) => options.bool('enable_syslog'),
  tableFlags: {},
  start({ options, recording, emit, now, say }) {
    const limit = options.number('syslog_rate_limit');
    if (recording !== undefined) return new SyslogPublisher(recording.syslog(), limit, emit, now);
    const path = options.string('syslog_pipe_path');
    const groups = ifReadable(() => [...parseGroup(files.readText('/etc/group'))]) ?? [];
    const pipe = new NamedPipe(path, MODE, groups.find(({ name }) => name === GROUP)?.gid);
    say('INFO', `syslog: reads from ${path}`);
    return new SyslogPublisher(pipe, limit, emit, now);
  },
};
