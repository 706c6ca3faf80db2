import { type Store, tryToKeep } from '../store/store.ts';

/**
 * The interval that a query really has: up to so many percent more or less, so that a thousand machines do not all ask
 * their disks in the same second. Kept by the full name of the query, so that it is the same after a restart, and drawn
 * anew when the interval in the configuration changes. `random` gives 0 to 1.
 */
export function splayedInterval(
  store: Store,
  name: string,
  interval: number,
  percent: number,
  random: () => number = Math.random,
): number {
  const key = `interval.${name}`;
  const [asked, kept] = (store.settings.get(key) ?? '').split(':').map(Number);
  // One that was kept under another percentage may be out of the present range.
  const spread = percent > 0 && percent <= 100 ? Math.floor((interval * percent) / 100) : 0;
  const least = Math.max(1, interval - spread);
  const most = interval + spread;
  if (asked === interval && kept !== undefined && kept >= least && kept <= most) return kept;
  const drawn = least + Math.floor(random() * (most - least + 1));
  tryToKeep(store, () => store.settings.set(key, `${interval}:${drawn}`));
  return drawn;
}
