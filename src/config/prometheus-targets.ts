import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, within } from './report.ts';
import { sectionOf, textsOf } from './section.ts';
import { countAt } from './values.ts';

/** What `prometheus_metrics` asks. */
export interface PrometheusTargets {
  readonly urls: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}

const DEFAULT_TIMEOUT = 1;

export function parsePrometheusTargets(config: JsonObject, report: Report): PrometheusTargets | undefined {
  const targets = sectionOf(config, 'prometheus_targets', report, 'prometheus');
  if (targets === undefined) return undefined;
  const inside = within(report, 'prometheus_targets');
  const urls = textsOf(valueAt(targets, 'urls'), 'urls', inside).filter((url) => {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return true;
    // It may have a password in it.
    inside('urls', 'has what is no URL of http or https');
    return false;
  });
  return { urls, timeout: countAt(targets, 'timeout', inside) || DEFAULT_TIMEOUT };
}
