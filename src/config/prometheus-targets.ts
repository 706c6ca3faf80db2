import { type JsonObject, valueAt } from './config-text.ts';
import { type Report, toCount } from './schedule.ts';
import { sectionOf, textsOf } from './section.ts';

/** What `prometheus_metrics` asks. */
export interface PrometheusTargets {
  readonly urls: readonly string[];
  /** Seconds. */
  readonly timeout: number;
}

const DEFAULT_TIMEOUT = 1;

export function parsePrometheusTargets(config: JsonObject, report: Report): PrometheusTargets | undefined {
  const targets = sectionOf(config, 'prometheus_targets', report);
  if (targets === undefined) return undefined;
  const place = 'prometheus_targets.urls';
  const urls = textsOf(valueAt(targets, 'urls'), place, report).filter((url) => {
    if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return true;
    // It may have a password in it.
    report(place, 'has what is no URL of http or https');
    return false;
  });
  return { urls, timeout: toCount(valueAt(targets, 'timeout')) || DEFAULT_TIMEOUT };
}
