// Every Node since 12 must be able to read these files (it knows no `node:` modules), so that an old one can be told what
// is missing. CommonJS starts sooner: docs/adr/0007-cold-start.md.
const { existsSync, statSync } = require('fs');
const { enableCompileCache } = require('module');
const { join } = require('path');
const { pathToFileURL } = require('url');

const NEEDED = 24;
const root = join(__dirname, '..');

/** `osqueryd -S` is the shell, `osqueryi -D` the daemon. */
const OTHER = { osqueryd: [/^--?S$/, 'osqueryi'], osqueryi: [/^--?D$/, 'osqueryd'] };

function meant(program) {
  const [flag, other] = OTHER[program] ?? [];
  return other !== undefined && process.argv.slice(2).some((argument) => flag.test(argument)) ? other : program;
}

/** Runs a program: its sources in a checkout, its bundle in the published package. */
exports.start = (named) => {
  const program = meant(named);
  if (Number.parseInt(process.versions.node, 10) < NEEDED) return require('./old-node.js').restart(program, NEEDED);
  const source = join(root, 'src', 'main', `${program}.ts`);
  if (existsSync(source)) {
    keepCompiled(root);
    return import(pathToFileURL(source).href);
  }
  keepCompiled(join(root, 'dist'));
  require(join(root, 'dist', `${program}.js`));
};

/**
 * Lets Node keep compiled code beside the program. Such a cache is code, so it must never be where another user can
 * write (Node's default is in /tmp): only who owns the program starts one, and everyone may read it.
 */
function keepCompiled(folder) {
  const cache = join(folder, '.cache');
  if (existsSync(cache) || statSync(folder).uid === process.getuid()) enableCompileCache(cache);
}
