/**
 * A lane is a kind of test by what it needs. `unit` and `synth` need nothing; the others need parts a machine may lack.
 * The lanes are detected once, before the first test file (global-setup.ts), and travel to the test files in one
 * environment variable.
 */
export type Lane = 'synth' | 'postgres' | 'citus' | 'terraform' | 'elastic' | 'elastic-terraform' | 'specs';

export interface LaneStatus {
  readonly runs: boolean;
  /** What the lane runs on, or why it cannot run: shown in the closing summary. */
  readonly reason: string;
}

export type LaneStatuses = Readonly<Record<Lane, LaneStatus>>;

const VARIABLE = 'SCALEOUT_LANES';

export function publishLanes(statuses: LaneStatuses): void {
  process.env[VARIABLE] = JSON.stringify(statuses);
}

export function laneStatus(lane: Lane): LaneStatus {
  const published = process.env[VARIABLE];
  if (published === undefined) throw new Error('the lanes were not detected: run tests through `npm test`');
  return (JSON.parse(published) as LaneStatuses)[lane];
}

/** `describe` for tests of a lane: where it cannot run they are reported as skipped, never passed over. */
export function laneSuite(lane: Lane, title: string, tests: () => void): void {
  const suite = laneStatus(lane).runs ? describe : describe.skip;
  suite(`[${lane}] ${title}`, tests);
}

/**
 * {@link laneSuite} for a Terraform that talks to the stand-in for Azure. Elsewhere than on Linux it trusts the
 * certificates of the system's own store alone, and no test should ask for one there.
 */
export function azureSuite(title: string, tests: () => void): void {
  onLinux('terraform', title, tests);
}

/** The same with the plugin that knows elastic clusters, a newer one. */
export function elasticAzureSuite(title: string, tests: () => void): void {
  onLinux('elastic-terraform', title, tests);
}

function onLinux(lane: Lane, title: string, tests: () => void): void {
  if (process.platform === 'linux') laneSuite(lane, title, tests);
  else describe.skip(`[${lane}] ${title} (needs Linux)`, tests);
}
