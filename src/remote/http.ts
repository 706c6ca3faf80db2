import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Node's HTTP, not by `import`: that would read every name that the module has, `WebSocket` among them, which loads undici: 4.4 MB
 * for nothing.
 */
export const { Agent, request } = require('node:http') as typeof import('node:http');
