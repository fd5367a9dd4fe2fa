import { refused } from '../lib/errors';
import type { Bundle } from './bundle';

/**
 * Lets a verified bundle be applied to an environment only if it is of that one, and was found good.
 *
 * @throws ScaleoutError (refused)
 */
export function requireBundleFor({ manifest, plan, audit }: Bundle, environment: string): void {
  if (manifest.environment !== environment) {
    throw refused(
      'release.other-environment',
      `the bundle is of "${manifest.environment}" and was to be applied to "${environment}": name the bundle of ${environment}; nothing was changed`,
    );
  }
  const who = !plan.review.ok ? 'a guard' : audit.verdict === 'refused' ? 'the audit' : undefined;
  if (who === undefined) return;
  throw refused(
    'release.not-reviewed-well',
    `${who} refused this plan of ${environment} when it was made, as review.txt and audit.json of the bundle say: correct what they name, then plan again; nothing was changed`,
  );
}
