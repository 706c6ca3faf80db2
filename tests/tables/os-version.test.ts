/** What the files of distributions say, as they ship them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { osVersion } from '../../src/tables/system/os_version.ts';
import { MemoryHost } from '../../src/testing/memory-host.ts';
import { runTable } from '../../src/testing/run-table.ts';
import { parseTree } from '../../src/testing/tree.ts';

type Files = Readonly<Record<string, readonly string[]>>;

function versionOf(files: Files): unknown[] {
  const tree = Object.entries(files).map(([path, lines]) =>
    [`/etc/${path}`, ...lines.map((line) => `| ${line}`)].join('\n'),
  );
  const [row] = runTable(osVersion, new MemoryHost(parseTree(`${tree.join('\n')}\n`))).rows;
  const { name, version, major, minor, patch, platform, platform_like: like, codename } = row!;
  return [name, version, `${major}.${minor}.${patch}`, platform, like, codename];
}

const DISTRIBUTIONS: readonly (readonly [Files, readonly unknown[]])[] = [
  [
    {
      'os-release': ['NAME="Oracle Linux Server"', 'VERSION="9.3"', 'ID="ol"', 'ID_LIKE="fedora"', 'VERSION_ID="9.3"'],
      'redhat-release': ['Red Hat Enterprise Linux release 9.3 (Plow)'],
    },
    ['Oracle Linux Server', '9.3', '9.3.0', 'rhel', 'rhel', ''],
  ],
  [
    {
      'os-release': [
        'NAME="Fedora Linux"',
        'VERSION="40 (Server Edition)"',
        'ID=fedora',
        'VERSION_ID=40',
        'VERSION_CODENAME=""',
      ],
      'redhat-release': ['Fedora release 40 (Forty)'],
    },
    ['Fedora Linux', '40 (Server Edition)', '40.0.0', 'rhel', 'rhel', ''],
  ],
  [
    {
      'os-release': ['NAME="CentOS Stream"', 'VERSION="9"', 'ID="centos"', 'ID_LIKE="rhel fedora"', 'VERSION_ID="9"'],
      'redhat-release': ['CentOS Stream release 9'],
    },
    ['CentOS Stream', '9', '9.0.0', 'rhel', 'rhel', ''],
  ],
  [
    {
      'os-release': [
        'NAME="CentOS Linux"',
        'VERSION="7 (Core)"',
        'ID="centos"',
        'ID_LIKE="rhel fedora"',
        'VERSION_ID="7"',
      ],
      'redhat-release': ['CentOS Linux release 7.9.2009 (Core)'],
    },
    ['CentOS Linux', 'CentOS Linux release 7.9.2009 (Core)', '7.9.2009', 'rhel', 'rhel', ''],
  ],
  [
    {
      'os-release': ['NAME="Red Hat Enterprise Linux"', 'VERSION="9.3 (Plow)"', 'ID="rhel"', 'VERSION_ID="9.3"'],
      'redhat-release': ['Red Hat Enterprise Linux release 9.3 (Plow)'],
    },
    ['Red Hat Enterprise Linux', 'Red Hat Enterprise Linux release 9.3 (Plow)', '9.3.0', 'rhel', 'rhel', ''],
  ],
  [
    { 'redhat-release': ['CentOS release 6.8 (Final)'] },
    ['CentOS', 'CentOS release 6.8 (Final)', '6.8.0', 'rhel', 'rhel', ''],
  ],
  [
    {
      'os-release': [
        'NAME="Amazon Linux"',
        'VERSION="2023"',
        'ID="amzn"',
        'ID_LIKE="fedora"',
        'VERSION_ID="2023"',
        'PRETTY_NAME="Amazon Linux 2023.6.20241010"',
      ],
    },
    ['Amazon Linux', '2023.6.20241010', '2023.6.20241010', 'amzn', 'fedora', ''],
  ],
  [
    {
      'os-release': [
        'NAME="Amazon Linux"',
        'VERSION="2023"',
        'ID="amzn"',
        'VERSION_ID="2023"',
        'PRETTY_NAME="Amazon Linux 2023"',
      ],
      'system-release': ['Amazon Linux release 2023.3.20240131 (Amazon Linux)'],
    },
    ['Amazon Linux', '2023.3.20240131', '2023.3.20240131', 'amzn', '', ''],
  ],
  [
    {
      'os-release': [
        'NAME="Debian GNU/Linux"',
        'VERSION="12 (bookworm)"',
        'ID=debian',
        'VERSION_ID="12"',
        'VERSION_CODENAME=bookworm',
      ],
      debian_version: ['12.5'],
    },
    ['Debian GNU/Linux', '12 (bookworm)', '12.5.0', 'debian', '', 'bookworm'],
  ],
  [
    {
      'os-release': [
        'NAME="Debian GNU/Linux"',
        'VERSION="13 (trixie)"',
        'ID=debian',
        'VERSION_ID="13"',
        'DEBIAN_VERSION_FULL=13.2',
      ],
    },
    ['Debian GNU/Linux', '13 (trixie)', '13.2.0', 'debian', '', ''],
  ],
  [
    { 'os-release': ['NAME="LMDE"', 'ID=linuxmint', 'VERSION_ID="12"'], debian_version: ['12.5'] },
    ['LMDE', '', '12.0.0', 'linuxmint', '', ''],
  ],
  [
    { 'os-release': ['NAME="Debian GNU/Linux"', 'ID=debian'], debian_version: ['trixie/sid'] },
    ['Debian GNU/Linux', '', '0.0.0', 'debian', '', ''],
  ],
  [
    {
      'os-release': [
        'NAME="Ubuntu"',
        'VERSION="22.04.4 LTS (Jammy Jellyfish)"',
        'ID=ubuntu',
        'ID_LIKE=debian',
        'VERSION_ID="22.04"',
      ],
    },
    ['Ubuntu', '22.04.4 LTS (Jammy Jellyfish)', '22.4.4', 'ubuntu', 'debian', ''],
  ],
];

for (const [files, expected] of DISTRIBUTIONS) {
  test(`${expected[0]} ${expected[2]}`, () => assert.deepEqual(versionOf(files), expected));
}
