import { laneStatus } from './lanes';
import type { Lane } from './lanes';
import { laneSuite } from './lanes';

/**
 * {@link laneSuite} for what needs an elastic cluster: an engine that starts PostgreSQL 17 with Citus 13.2 or newer, and in
 * the terraform lane the plugin that knows its block. Where one is missing, the suite is skipped by name.
 */
export function elasticSuite(
  lane: Extract<Lane, 'citus' | 'terraform'>,
  title: string,
  tests: () => void,
): void {
  const missing = missingPart(lane);
  if (missing === undefined) laneSuite(lane, title, tests);
  else describe.skip(`[${lane}] ${title} (${missing})`, tests);
}

function missingPart(lane: Lane): string | undefined {
  const { runs, reason } = laneStatus('elastic');
  if (!runs) return reason;
  if (lane !== 'terraform') return undefined;
  if (process.platform !== 'linux') return 'needs Linux, where Terraform can be given a certificate';
  const plugin = laneStatus('elastic-terraform');
  return plugin.runs ? undefined : plugin.reason;
}
