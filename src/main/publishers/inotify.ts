import { HostError } from '../../base/errors.ts';
import type { FileRules } from '../../config/file-events.ts';
import { FanotifyMarks } from '../../events/files/fanotify-marks.ts';
import { InotifyTree } from '../../events/files/inotify-tree.ts';
import { PathRules } from '../../events/files/path-rules.ts';
import { FilePublisher, type WatchedFiles } from '../../events/files/publisher.ts';
import { FileScans } from '../../events/files/scans.ts';
import { Fanotify } from '../../host/linux/fanotify.ts';
import { Inotify } from '../../host/linux/inotify.ts';
import { LinuxHost } from '../../host/linux/linux-host.ts';
import type { Starter, StarterParts } from './starter.ts';

/** Hears of files, with fanotify where the kernel can name them, else with inotify. */
export const inotify: Starter = {
  name: 'inotify',
  isOn: (options) => options.bool('enable_file_events'),
  tableFlags: {},
  start(parts) {
    const { options, sections, tables, scanner, emit, now } = parts;
    const warn = (message: string) => parts.say('WARNING', message);
    const { files } = new LinuxHost();
    const { changes, accesses } = rulesOf(sections.files);
    const watched: WatchedFiles[] = [];
    if (!changes.isEmpty) watched.push(watchChanges(changes, parts));
    if (!accesses.isEmpty) {
      const tree = new InotifyTree(new Inotify(), files, accesses, { accesses: true, tops: ['/'] }, warn);
      watched.push({ rules: accesses, sources: [tree], hash: false });
    }
    const hashLimit = options.number('read_max');
    const scans =
      scanner && tables.includes('yara_events')
        ? new FileScans(sections.yara.filePaths, scanner, emit, warn, now)
        : undefined;
    return new FilePublisher(watched, files, { hashLimit, scans, now, wall: Date.now }, emit, warn);
  },
};

/** Categories whose files are watched for reading, and the others. */
function rulesOf({ paths, excluded, accesses }: FileRules): {
  readonly changes: PathRules;
  readonly accesses: PathRules;
} {
  const some = (are: boolean) =>
    new PathRules({ paths: new Map([...paths].filter(([category]) => accesses.includes(category) === are)), excluded });
  return { changes: some(false), accesses: some(true) };
}

function watchChanges(rules: PathRules, { options, recording, say, now }: StarterParts): WatchedFiles {
  const { files } = new LinuxHost();
  if (recording !== undefined) {
    return { rules, sources: [new FanotifyMarks(recording.fanotify(), files, rules, now())], hash: true };
  }
  const warn = (message: string) => say('WARNING', message);
  const tree = (tops: readonly string[]) =>
    new InotifyTree(new Inotify(), files, rules, { accesses: false, tops }, warn);
  if (!options.bool('disable_fanotify')) {
    try {
      const marks = new FanotifyMarks(new Fanotify(), files, rules, now());
      const rest = marks.unmarked.length === 0 ? [] : [tree(marks.unmarked)];
      const but = rest.length === 0 ? '' : `, but for ${marks.unmarked.slice(0, 3).join(', ')}`;
      say('INFO', `inotify: started, hears whole file systems with fanotify${but}`);
      return { rules, sources: [marks, ...rest], hash: true };
    } catch (cause) {
      if (!(cause instanceof HostError)) throw cause;
      say('INFO', `inotify: fanotify cannot be used (${cause.message}): watches directories`);
    }
  }
  say('INFO', 'inotify: started, watches directories with inotify');
  return { rules, sources: [tree(['/'])], hash: true };
}
