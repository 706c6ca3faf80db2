/**
 * Bundles each program of src/main, and what its threads run, into dist/, with an image of SQLite beside them.
 *
 *     node tools/build.ts [--out <folder>]
 *
 * CommonJS: a bundle of ECMAScript modules starts 20 ms later. Not minified: it gains nothing, and a stack trace can be read.
 * Figures: docs/adr/0007-cold-start.md.
 */
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Plugin } from 'esbuild';
import { IMAGE_NAME } from '../src/host/linux/sqlite-module.ts';
import { NODE_FLAGS } from './node-flags.ts';

const root = join(import.meta.dirname, '..');
const { out } = parseArgs({ options: { out: { type: 'string', default: join(root, 'dist') } } }).values;
const dist = resolve(out);

/** A program is what has a file in bin/ to start it. */
const programs = globSync('bin/osquery*.js', { cwd: root }).map((path) => `src/main/${basename(path, '.js')}.ts`);

/** What a thread runs is named by its address: `new Worker(new URL('./sql-thread.ts', import.meta.url))`. */
const ADDRESS = /new URL\('([^']+)\.ts', import\.meta\.url\)/g;
const threads = globSync('src/**/*.ts', { cwd: root }).flatMap((path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(ADDRESS)].map(([, to]) => join(dirname(path), `${to}.ts`)),
);

/** Native code and YARA's module are found beside their packages, which stay: dependencies of the published package. */
const EXTERNAL = ['koffi', '@virustotal/yara-x'];

/**
 * In the sources a module that is loaded late is loaded by a `require` made with `createRequire`, which esbuild does
 * not follow. Without that line it is esbuild's own `require`: the module is in the bundle, run at the first call.
 */
const REQUIRE = 'const require = createRequire(import.meta.url);\n';

const bundled: Plugin = {
  name: 'modules loaded late, threads',
  setup(bundler) {
    bundler.onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(REQUIRE, '')
        .replace(ADDRESS, (_, to: string) => `new URL('./${basename(to)}.js', import.meta.url)`)
        // Made when it is asked for: a start does without.
        .replaceAll('import.meta.url', '__url()'),
      loader: 'ts',
    }));
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: [...new Set([...programs, ...threads])],
  outdir: dist,
  entryNames: '[name]',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  legalComments: 'none',
  external: EXTERNAL,
  plugins: [bundled],
  banner: { js: "const __url = () => require('node:url').pathToFileURL(__filename).href;" },
  define: {
    'import.meta.dirname': '__dirname',
    'import.meta.filename': '__filename',
  },
  metafile: true,
  logLevel: 'warning',
});
execFileSync(process.execPath, [...NODE_FLAGS, join(root, 'tools/sqlite-image.ts'), join(dist, IMAGE_NAME)]);
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
for (const [path, { bytes }] of Object.entries(result.metafile.outputs)) {
  // One character beyond Latin-1, which esbuild leaves in regular expressions, and V8 keeps the text with two bytes for each: a
  // megabyte a thread.
  const foreign = /^.*[^\0-\xff].*$/m.exec(readFileSync(join(root, path), 'utf8'));
  if (foreign !== null) throw new Error(`${path}: write it as an escape: ${foreign[0].trim().slice(0, 200)}`);
  console.log(`${path}  ${Math.round(bytes / 1024)} KiB`);
}
