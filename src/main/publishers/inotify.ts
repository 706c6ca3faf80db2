import { HostError } from '../../base/errors.ts';
import type { FileRules } from '../../config/file-events.ts';
import { FanotifyMarks } from '../../events/files/fanotify-marks.ts';
import { InotifyTree } from '../../events/files/inotify-tree.ts';
import { PathRules } from '../../events/files/path-rules.ts';
import { FilePublisher } from '../../events/files/publisher.ts';
import type { WatchedFiles } from '../../events/files/rescans.ts';
import { FileScans } from '../../events/files/scans.ts';
import type { Files } from '../../host/host.ts';
import type { Starter, StarterParts } from './starter.ts';
import { WatchedKernel } from './watched-kernel.ts';

/** Hears of files, with fanotify where the kernel can name them, else with inotify. */
export const inotify: Starter = {
  name: 'inotify',
  isOn: (options) => options.bool('enable_file_events'),
  tableFlags: {},
  start(parts) {
    const { options, sections, tables, scanner, emit, now } = parts;
    const { progress, left, handOver, looks } = parts.files!;
    const warn = (message: string) => parts.say('WARNING', message);
    const kernel = new WatchedKernel(parts.files!);
    const { files } = kernel;
    const { changes, accesses } = rulesOf(sections.files);
    const watched: WatchedFiles[] = [];
    if (!changes.isEmpty) watched.push(watchChanges(changes, kernel, parts));
    if (!accesses.isEmpty) {
      const tree = new InotifyTree(kernel.inotify(), files, accesses, { accesses: true, tops: ['/'] }, warn);
      watched.push({ rules: accesses, sources: [tree], hash: false });
    }
    const hashLimit = options.number('read_max');
    const scans =
      scanner && tables.includes('yara_events')
        ? new FileScans(sections.yara.filePaths, scanner, emit, warn, now)
        : undefined;
    const settings = { hashLimit, scans, progress, left, handOver, now, wall: Date.now };
    return new FilePublisher(watched, looks ? files : UNSEEN, settings, emit, warn);
  },
};

/** No file answers. */
const refuse = (path: string): never => {
  throw new HostError('ETIMEDOUT', path, 'look at');
};
const UNSEEN: Files = {
  readText: refuse,
  readBytes: refuse,
  list: refuse,
  scan: refuse,
  stat: refuse,
  linkStat: refuse,
  readLink: refuse,
  exists: () => false,
  realPath: refuse,
  open: refuse,
  attributes: refuse,
  workingDirectory: () => '/',
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

function watchChanges(
  rules: PathRules,
  kernel: WatchedKernel,
  { options, recording, say, now }: StarterParts,
): WatchedFiles {
  const { files } = kernel;
  if (recording !== undefined) {
    return { rules, sources: [new FanotifyMarks(recording.fanotify(), files, rules, now())], hash: true };
  }
  const warn = (message: string) => say('WARNING', message);
  const tree = (tops: readonly string[]) =>
    new InotifyTree(kernel.inotify(), files, rules, { accesses: false, tops }, warn);
  if (!options.bool('disable_fanotify')) {
    try {
      const marks = new FanotifyMarks(kernel.fanotify(), files, rules, now());
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
