/** An answer's `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date. In seconds from `nowMs`; undefined for any other text. */
export function parseRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text);
  // `Date.parse` takes much more than HTTP's dates, "1" among it.
  if (!/^\s*[A-Z][a-z]{2,8},? .*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - nowMs) / 1000);
}
