/** Flags of Node that the bundled programs start with, by their first line. The reasons: docs/adr/0007-cold-start.md. */
export const NODE_FLAGS = ['--allow-natives-syntax', '--semi-space-growth-factor=1'] as const;
