import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadWorkload } from '../../../config/workload/workload';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import type { LocalWorld } from '../../../scripts/local/run';
import { localRun } from '../../../scripts/local/commands';
import { localEngines } from '../../../scripts/local/engines';
import { testEnvironment } from '../../support/environment';
import { laneStatus, laneSuite } from '../../support/lanes';
import { scratchDirectory } from '../../support/scratch';
import { testRun } from '../../support/test-run';
import { recordingReporter } from './recording-reporter';

const scratch = scratchDirectory();

function context(options: Partial<VerbContext> = {}): VerbContext {
  return {
    reporter: silentReporter,
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
    ...options,
  };
}

const world = (environment: LocalWorld['environment'] = testEnvironment()): LocalWorld => ({
  engines: localEngines({}).filter(({ name }) => name === 'docker' || name === 'native'),
  environment,
  stateDirectory: scratch,
});

/** Nobody writes here, and copying without blocking writes takes minutes. */
async function blockingWorkload(): ReturnType<typeof loadWorkload> {
  const workload = await loadWorkload('sensors');
  return { ...workload, distribution: { ...workload.distribution, online: false } };
}

/** Directories of the rehearsals and clusters of this process; other test files have theirs. */
function ownDirectories(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith('scaleout-cluster-'))
    .filter((name) => {
      try {
        const record = readFileSync(path.join(tmpdir(), name, 'cluster.json'), 'utf8');
        return (JSON.parse(record) as { owner: { pid: number } }).owner.pid === process.pid;
      } catch {
        // Somebody else's, which is being made or removed.
        return false;
      }
    });
}

/** Both lanes at once: Terraform deploys, and what it deploys is a Citus that this machine can start. */
const suite: typeof laneSuite = (lane, title, tests) => {
  const missing = missingPart();
  if (missing === undefined) laneSuite(lane, title, tests);
  else describe.skip(`[${lane}] ${title} (${missing})`, tests);
};
function missingPart(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux, where Terraform can be given a certificate';
  if (!laneStatus('citus').runs) return `needs Citus: ${laneStatus('citus').reason}`;
  return testRun().citus === 'citus-url'
    ? 'needs an engine that starts clusters; CITUS_URL names one'
    : undefined;
}

suite('terraform', 'the journey, deployed with Terraform', () => {
  test('a single node that was there is taken over as it is, and scaled out', async () => {
    const reporter = recordingReporter();
    const { document, text, outcome } = await localRun(
      context({ reporter }),
      { rows: 2000, workload: await blockingWorkload(), terraform: true },
      world(),
    );
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      simulated: false,
      tasks: { perDevice: 1, allDevices: 32 },
      verify: { ok: true },
      terraform: {
        adopted: { id: expect.stringMatching(/serverGroupsv2\/wwi-sensors-dev$/) as string },
        deploys: [
          { stage: 'single-node', added: 0, changed: 0, destroyed: 0 },
          { stage: 'scaled-out', imported: 0, added: 0, changed: 1, destroyed: 0 },
        ],
        replanEmpty: true,
      },
    });
    const { adopted, deploys } = document.terraform!;
    // The cluster and its rule.
    expect(adopted?.imports).toHaveLength(2);
    expect(deploys[0]?.imported).toBe(2);
    expect(adopted?.seconds).toBeLessThan(60);
    // The rows are there before Terraform comes.
    const stages = document.stages.map(({ name }) => name);
    expect(stages.indexOf('adopt')).toBeGreaterThan(stages.indexOf('load'));
    expect(stages.indexOf('adopt')).toBeLessThan(stages.indexOf('scale'));
    expect(text).toContain('2 to import and nothing else');
    expect(ownDirectories()).toEqual([]);
  }, 180_000);

  test('in the Azure of 2025 a single node is created, scaled out in place, and the verbs run against it', async () => {
    const reporter = recordingReporter();
    const { document, text, outcome } = await localRun(
      context({ reporter }),
      { rows: 2000, workload: await blockingWorkload(), terraform: true, azure: '2025' },
      world(),
    );
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      simulated: false,
      rebalance: { moves: 0 },
      tasks: { perDevice: 1, allDevices: 32 },
      verify: { ok: true },
      terraform: {
        version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
        provider: 'hashicorp/azurerm 4.55.0',
        environment: 'dev',
        deploys: [
          { stage: 'single-node', changed: 0, destroyed: 0 },
          { stage: 'scaled-out', added: 0, changed: 1, destroyed: 0 },
        ],
        replanEmpty: true,
      },
    });
    expect(document.terraform?.deploys[0]?.added).toBeGreaterThanOrEqual(3);
    expect(document.terraform?.requests).toBeGreaterThan(30);
    expect(document.placements.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
    expect(text).toContain('none went to Azure');
    expect(reporter.lines.join('\n')).toMatch(
      /coordinator_fqdn, c-[\w-]+\.[0-9a-z]{14}\.postgres\.cosmos\.azure\.com, is 127\.0\.0\.1:\d+ here/,
    );
    expect(ownDirectories()).toEqual([]);
    // The plugin stays for the next time; no state and no password do.
    const kept = files(path.join(scratch, 'terraform'));
    expect(kept).toContain('hashicorp-azurerm-4.55.0.terraform.lock.hcl');
    expect(kept.filter((name) => /tfstate/.test(name))).toEqual([]);
  }, 180_000);

  test('asked to stop in the middle of a deploy, it leaves nothing', async () => {
    const stop = new AbortController();
    const reporter = {
      ...silentReporter,
      // The first line of the rehearsal comes once everything is ready to be deployed.
      info: (line: string): void => {
        if (line.includes('stands in for Azure')) setTimeout(() => stop.abort(), 4000);
      },
    };
    const run = localRun(
      context({ reporter, signal: stop.signal }),
      { rows: 2000, workload: await blockingWorkload(), terraform: true, azure: '2025' },
      world(),
    );
    await expect(run).rejects.toThrow(/^stopped as asked at the stage "start".*nothing is left of it/);
    expect(ownDirectories()).toEqual([]);
  }, 60_000);

  test.each([
    [
      'Terraform is missing',
      { TERRAFORM_BINARY_NAME: 'terraform-that-nobody-has' },
      /is not installed.*\.terraform-version/,
    ],
    [
      'the plugin cannot be downloaded',
      { TF_CLI_CONFIG_FILE: emptyMirror(), TF_PLUGIN_CACHE_DIR: scratch },
      /plugin cannot be downloaded.*nothing was started/,
    ],
  ])(
    'says before anything starts that %s',
    async (_, variables, message) => {
      const elsewhere = {
        ...world(testEnvironment(variables)),
        stateDirectory: path.join(scratch, 'empty'),
      };
      const run = localRun(context(), { rows: 2000, terraform: true }, elsewhere);
      await expect(run).rejects.toThrow(message);
      expect(ownDirectories()).toEqual([]);
    },
    60_000,
  );
});

/** A CLI configuration that knows one place to look for plugins, where there are none. */
function emptyMirror(): string {
  const file = path.join(scratch, 'empty-mirror.tfrc');
  const mirror = path.join(scratch, 'mirror');
  mkdirSync(mirror);
  writeFileSync(file, `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`);
  return file;
}

/** Files below a directory that are no plugins, by name. */
function files(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory).flatMap((name) => {
    const at = path.join(directory, name);
    return statSync(at).isDirectory() && !name.startsWith('registry.') ? files(at) : [name];
  });
}
