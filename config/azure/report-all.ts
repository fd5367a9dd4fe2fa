import type { Violation } from './service-limits';
import type { Path, Report } from '../file/yaml';

/** Reports what a check of the service's limits found in the value at a place of the file. */
export function reportAll(at: Path, violations: readonly Violation[], report: Report): void {
  for (const violation of violations) {
    report([...at, ...violation.at.map((key) => (/^\d+$/.test(key) ? Number(key) : key))], violation.problem);
  }
}
