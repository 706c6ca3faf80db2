import { readlink } from 'node:fs/promises';

/** A disk answers in milliseconds. */
const PATIENCE_MS = 500;

/** Text of a link. Rejects where there is none, or no answer soon: then one of libuv's threads waits for it, and nobody else. */
export async function readLinkPatiently(path: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
  });
  try {
    return await Promise.race([readlink(path), late]);
  } finally {
    clearTimeout(timer);
  }
}
