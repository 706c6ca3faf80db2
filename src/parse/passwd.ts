/** One account of `/etc/passwd`, `passwd(5)`. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** GECOS: usually the full name. */
  readonly description: string;
  readonly directory: string;
  readonly shell: string;
}

const FIELDS = 7;
/** Ids are 32 bits wide and unsigned. */
const MAX_ID = 0xffff_ffff;

/** Accounts in order; a line that is none (a comment, too few fields, an id that is no number) is passed over, as glibc does. */
export function* parsePasswd(content: string): Generator<PasswdEntry> {
  for (const line of content.split('\n')) {
    const fields = line.split(':');
    if (fields.length < FIELDS || line.startsWith('#')) continue;
    const [name, , uid, gid, description, directory, shell] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const [userId, groupId] = [parseId(uid), parseId(gid)];
    if (name === '' || userId === undefined || groupId === undefined) continue;
    yield { name, uid: userId, gid: groupId, description, directory, shell };
  }
}

/** One group of `/etc/group`, `group(5)`. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export function* parseGroup(content: string): Generator<GroupEntry> {
  for (const line of content.split('\n')) {
    const [name, , gid, members] = line.split(':');
    const id = parseId(gid ?? '');
    if (!name || name.startsWith('#') || id === undefined || members === undefined) continue;
    yield { name, gid: id, members: members.split(',').filter((member) => member !== '') };
  }
}

function parseId(text: string): number | undefined {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return id <= MAX_ID ? id : undefined;
}
