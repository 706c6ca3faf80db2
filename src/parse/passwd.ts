import { accountFields, accountLines, accountNumber } from '../base/account-fields.ts';

/** One account of `/etc/passwd`, `passwd(5)`. */
export interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** GECOS: usually the full name. */
  readonly description: string;
  readonly directory: string;
  /** With whatever the line has behind it. */
  readonly shell: string;
}

const PASSWD_FIELDS = 7;
const GROUP_FIELDS = 4;

/** Accounts in order, as `fgetpwent(3)` gives them: fields behind the ids may be missing, ids not. */
export function* parsePasswd(content: string): Generator<PasswdEntry> {
  for (const line of accountLines(content)) {
    const [name = '', , uid = '', gid = '', description = '', directory = '', shell = ''] = accountFields(
      line,
      PASSWD_FIELDS,
    );
    const [userId, groupId] = [accountNumber(uid), accountNumber(gid)];
    if (userId === undefined || groupId === undefined) continue;
    yield { name, uid: userId, gid: groupId, description, directory, shell };
  }
}

/** One group of `/etc/group`, `group(5)`. */
export interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/** Groups in order, as `fgetgrent(3)` gives them: blanks before a member's name do not belong to it, those behind do. */
export function* parseGroup(content: string): Generator<GroupEntry> {
  for (const line of accountLines(content)) {
    const [name = '', , gid = '', list = ''] = accountFields(line, GROUP_FIELDS);
    const id = accountNumber(gid);
    if (id === undefined) continue;
    const members = list.split(',').map((member) => member.replace(/^[ \t\v\f\r]+/, ''));
    yield { name, gid: id, members: members.filter((member) => member !== '') };
  }
}
