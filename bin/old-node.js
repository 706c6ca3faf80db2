const { spawnSync } = require('child_process');
const { existsSync } = require('fs');
const { join } = require('path');

/** Runs the program again with the Node that a checkout brings; without one, says what is needed. */
exports.restart = (program, needed) => {
  const node = join(__dirname, '..', 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) {
    console.error(`${program} needs Node ${needed} or newer; this is ${process.version} (${process.execPath}).`);
    process.exit(1);
  }
  const script = join(__dirname, `${program}.js`);
  const { status, signal, error } = spawnSync(node, [script].concat(process.argv.slice(2)), { stdio: 'inherit' });
  if (error) throw error;
  if (signal) process.kill(process.pid, signal);
  else process.exit(status);
};
