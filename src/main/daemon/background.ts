import { startSelf } from '../../host/linux/child-process.ts';
import { BACKGROUND } from './roles.ts';

/** What the daemon in the background tells who started it. */
export type FromBackground = { readonly kind: 'up' } | { readonly kind: 'failed'; readonly message: string };

/** Starts the daemon in the background; 0 once it is up. What keeps it from that goes to `complain`. */
export async function startInBackground(args: readonly string[], complain: (text: string) => void): Promise<number> {
  const { promise: up, resolve } = Promise.withResolvers<0>();
  const child = startSelf(args, { environment: { [BACKGROUND]: '1' }, detached: true }, (message) => {
    const heard = message as FromBackground;
    if (heard.kind === 'up') resolve(0);
    else complain(`ERROR: ${heard.message}\n`);
  });
  const code = await Promise.race([up, child.ended]);
  if (code === 0) {
    child.release();
    return 0;
  }
  if (code.signal !== null) complain(`ERROR: the daemon ended by ${code.signal}\n`);
  return code.code ?? 1;
}
