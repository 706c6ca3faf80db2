const { spawn } = require('child_process');
const { existsSync } = require('fs');
const { join } = require('path');

/** Runs the program again with the Node that a checkout brings; without one, says what is needed. */
exports.restart = (program, needed) => {
  const node = join(__dirname, '..', 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) {
    console.error(`${program} needs Node ${needed} or newer; this is ${process.version} (${process.execPath}).`);
    process.exit(1);
  }
  const child = spawn(node, [join(__dirname, `${program}.js`)].concat(process.argv.slice(2)), { stdio: 'inherit' });
  // A daemon is ended, and told to read its configuration again, by signals to the process that was started.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (cause) => {
    throw cause;
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};
