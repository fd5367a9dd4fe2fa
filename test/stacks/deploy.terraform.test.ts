import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { AzureStandIn } from '../../scripts/local/azure/server';
import { startAzureStandIn } from '../../scripts/local/azure/server';
import { laneSuite } from '../support/lanes';

/**
 * The first half of the journey, as a person types it, with the real Terraform and the real azurerm provider against
 * a stand-in for Azure: deploy a single node, scale that same cluster out, and everything Terraform says in between.
 *
 * The tests are steps of one story and run in order. Most of its time is the provider's own: it watches a new
 * resource group for 20 seconds.
 */

const ROOT = resolve(__dirname, '../..');
const ENVIRONMENT = 'dev';
// Terraform's state and its plan files hold the password by nature; here they live and die in a temporary directory.
const PASSWORD = 'Rehearsal-only-7';
const CLUSTER_ID =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-wwi-sensors-dev/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev';

const environmentAt = (stage: 'single-node' | 'scaled-out'): string => `
name: ${ENVIRONMENT}
location: westus2
resourceGroup: rg-wwi-sensors-dev
workload: sensors
production: false
cluster:
  name: wwi-sensors-dev
  postgresVersion: 16
  citusVersion: '12.1'
  stage: ${stage}
  coordinator: { vCores: 4, storageGiB: 512 }
  workers: { count: 2, vCores: 4, storageGiB: 512 }
  coordinatorHoldsShards: true
  highAvailability: false
  maintenanceWindow: { day: sunday, startHour: 3, startMinute: 0 }
network:
  access: firewall
  allow:
    - { name: office, from: 203.0.113.8, to: 203.0.113.15 }
    - { name: pipeline, from: 198.51.100.4, to: 198.51.100.4 }
state: { backend: local }
tags: { owner: sensors-platform, costCentre: wwi-1042 }
`;

interface Run {
  readonly exitCode: number | null;
  readonly stdout: string;
  /** stdout and stderr as they came, without colours. */
  readonly output: string;
}

interface PortalAnswer {
  readonly status: number | undefined;
  readonly body: { readonly properties: Readonly<Record<string, unknown>> };
}

interface Plan {
  readonly resource_changes?: readonly ResourceChange[];
  readonly resource_drift?: readonly ResourceChange[];
}
interface ResourceChange {
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Readonly<Record<string, unknown>> | null;
    readonly after: Readonly<Record<string, unknown>> | null;
  };
}

// Elsewhere Terraform trusts the certificates of the system's own store alone, and no test should ask for one there.
const suite: typeof laneSuite =
  process.platform === 'linux'
    ? laneSuite
    : (lane, title, tests) => {
        describe.skip(`[${lane}] ${title} (needs Linux)`, tests);
      };

suite('terraform', 'cdktf deploy against a stand-in for Azure', () => {
  let home = '';
  let stack = '';
  let azure: AzureStandIn;
  /** Everything that the commands said to a person. */
  const said: string[] = [];

  beforeAll(async () => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'scaleout-deploy-')));
    stack = join(home, 'cdktf.out', 'stacks', ENVIRONMENT);
    cpSync(join(ROOT, 'config', 'workloads'), join(home, 'config', 'workloads'), { recursive: true });
    mkdirSync(join(home, 'config', 'environments'));
    writeEnvironment('single-node');
    azure = await startAzureStandIn();
  });
  afterAll(async () => {
    await azure.close();
    rmSync(home, { recursive: true, force: true });
  });

  function writeEnvironment(stage: 'single-node' | 'scaled-out'): void {
    writeFileSync(join(home, 'config', 'environments', `${ENVIRONMENT}.yaml`), environmentAt(stage));
  }

  function run(command: string, ...args: string[]): Promise<Run> {
    return new Promise((done, fail) => {
      const child = spawn(command, args, {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...azure.terraformEnvironment(process.env),
          SCALEOUT_CONFIG_DIR: join(home, 'config'),
          TF_VAR_admin_password: PASSWORD,
          CHECKPOINT_DISABLE: '1',
          CI: 'true',
        },
      });
      let stdout = '';
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        stdout += chunk.toString();
        output += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.on('error', fail);
      child.on('close', (exitCode) => {
        // As JSON, Terraform spells out the variables of a plan; nobody reads that but this test.
        if (!args.includes('-json')) said.push(output);
        done({ exitCode, stdout, output: stripVTControlCharacters(output) });
      });
    });
  }

  /** `cdktf VERB dev`, as typed. The lock file is left to `terraform init`: making one for all platforms needs a registry. */
  const cdktf = (verb: string, ...flags: string[]): Promise<Run> =>
    run(
      join(ROOT, 'node_modules', '.bin', 'cdktf'),
      verb,
      ENVIRONMENT,
      '--skip-provider-lock',
      '--output',
      join(home, 'cdktf.out'),
      ...flags,
    );
  const terraform = (...args: string[]): Promise<Run> => run('terraform', `-chdir=${stack}`, ...args);

  /** What the plan that `cdktf diff` left behind would do, no-ops left out. */
  async function plannedChanges(): Promise<readonly ResourceChange[]> {
    const shown = await terraform('show', '-json', 'plan');
    const plan = JSON.parse(shown.stdout) as Plan;
    return (plan.resource_changes ?? []).filter(({ change }) => change.actions.join() !== 'no-op');
  }

  async function outputs(): Promise<Record<string, unknown>> {
    const shown = await terraform('output', '-json');
    const parsed = JSON.parse(shown.stdout) as Record<string, { value: unknown }>;
    return Object.fromEntries(Object.entries(parsed).map(([name, { value }]) => [name, value]));
  }

  /** Requests that change something, without the login. */
  const changesSent = (since = 0): { method: string; resource: string; body: unknown }[] =>
    azure.requests
      .slice(since)
      .filter(({ method, url }) => method !== 'GET' && !url.includes('/oauth2/'))
      .map(({ method, url, body }) => ({
        method,
        resource: url.replace(/\?.*$/, '').replace(/^.*\/([^/]+\/[^/]+)$/, '$1'),
        body,
      }));

  /** The cluster past Terraform, as somebody in the portal sees and changes it. */
  function atPortal(method: 'GET' | 'PATCH', properties?: object): Promise<PortalAnswer> {
    return new Promise((done, fail) => {
      const sent = request(
        `${azure.origin}${CLUSTER_ID}?api-version=2022-11-08`,
        { method, ca: azure.certificate, headers: { Authorization: 'Bearer x' }, agent: false },
        (reply) => {
          let text = '';
          reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
          reply.on('end', () =>
            done({ status: reply.statusCode, body: JSON.parse(text) as PortalAnswer['body'] }),
          );
        },
      );
      sent.on('error', fail);
      sent.end(properties === undefined ? undefined : JSON.stringify({ properties }));
    });
  }

  const unchanged = async (): Promise<void> => {
    const plan = await terraform('plan', '-detailed-exitcode', '-input=false');
    expect(plan).toMatchObject({ exitCode: 0, output: expect.stringContaining('No changes.') as string });
  };

  const SLOW = 120_000;

  it(
    'cdktf diff shows a resource group, a cluster and its firewall rules, and sends nothing',
    async () => {
      const diff = await cdktf('diff');
      expect(diff.output).toContain('Plan: 4 to add, 0 to change, 0 to destroy.');
      expect(diff.exitCode).toBe(0);
      expect((await plannedChanges()).map(({ type, change }) => [type, change.actions])).toEqual([
        ['azurerm_cosmosdb_postgresql_cluster', ['create']],
        ['azurerm_cosmosdb_postgresql_firewall_rule', ['create']],
        ['azurerm_cosmosdb_postgresql_firewall_rule', ['create']],
        ['azurerm_resource_group', ['create']],
      ]);
      expect(changesSent()).toEqual([]);
    },
    SLOW,
  );

  it(
    'cdktf deploy creates a single node, every secure setting said aloud',
    async () => {
      const deploy = await cdktf('deploy', '--auto-approve');
      expect(deploy.output).toContain('Apply complete! Resources: 4 added, 0 changed, 0 destroyed.');
      expect(deploy.exitCode).toBe(0);
      expect(changesSent()).toMatchObject([
        { method: 'PUT', resource: 'resourceGroups/rg-wwi-sensors-dev', body: { location: 'westus2' } },
        {
          method: 'PUT',
          resource: 'serverGroupsv2/wwi-sensors-dev',
          body: {
            location: 'westus2',
            properties: {
              nodeCount: 0,
              coordinatorVCores: 4,
              coordinatorStorageQuotaInMb: 524_288,
              enableShardsOnCoordinator: true,
              enableHa: false,
              nodeEnablePublicIpAccess: false,
              postgresqlVersion: '16',
              citusVersion: '12.1',
            },
          },
        },
        {
          method: 'PUT',
          resource: 'firewallRules/office',
          body: { properties: { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' } },
        },
        {
          method: 'PUT',
          resource: 'firewallRules/pipeline',
          body: { properties: { startIpAddress: '198.51.100.4', endIpAddress: '198.51.100.4' } },
        },
      ]);
      expect(await outputs()).toMatchObject({
        cluster_id: CLUSTER_ID,
        coordinator_fqdn: expect.stringMatching(
          /^c-wwi-sensors-dev\.[0-9a-z]{14}\.postgres\.cosmos\.azure\.com$/,
        ) as string,
        port: 5432,
        database: 'citus',
        login: 'citus',
        stage: 'single-node',
        node_count: 0,
      });
    },
    SLOW,
  );

  it('has nothing to do right after', unchanged, SLOW);

  it(
    'plans the other stage as one update in place, of the node count alone',
    async () => {
      writeEnvironment('scaled-out');
      const diff = await cdktf('diff');
      expect(diff.output).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
      const changes = await plannedChanges();
      expect(changes).toHaveLength(1);
      const [{ type, change }] = changes as [ResourceChange];
      expect([type, change.actions]).toEqual(['azurerm_cosmosdb_postgresql_cluster', ['update']]);
      const { before, after } = change;
      expect(after).toEqual({ ...before, node_count: 2 });
    },
    SLOW,
  );

  it(
    'cdktf deploy sends that one change, and the coordinator keeps its name',
    async () => {
      const before = await outputs();
      const since = azure.requests.length;
      const deploy = await cdktf('deploy', '--auto-approve');
      expect(deploy.output).toContain('Apply complete! Resources: 0 added, 1 changed, 0 destroyed.');
      expect(changesSent(since)).toEqual([
        {
          method: 'PATCH',
          resource: 'serverGroupsv2/wwi-sensors-dev',
          body: { properties: { nodeCount: 2 } },
        },
      ]);
      expect(await outputs()).toEqual({ ...before, stage: 'scaled-out', node_count: 2 });
    },
    SLOW,
  );

  it('has nothing to do right after that either', unchanged, SLOW);

  it(
    'refuses to destroy the cluster while it is protected',
    async () => {
      const since = azure.requests.length;
      const destroy = await cdktf('destroy', '--auto-approve');
      expect(destroy.exitCode).not.toBe(0);
      expect(changesSent(since)).toEqual([]);
      // The CLI may end before it has printed the reason, so Terraform itself is asked for it.
      const plan = await terraform('plan', '-destroy', '-input=false', '-no-color');
      expect(plan.exitCode).toBe(1);
      expect(plan.output).toContain('Instance cannot be destroyed');
    },
    SLOW,
  );

  it(
    'shows what somebody changed past Terraform',
    async () => {
      expect((await atPortal('PATCH', { enableHa: true })).status).toBe(202);
      const plan = await terraform('plan', '-detailed-exitcode', '-input=false', '-out=drift');
      expect(plan.exitCode).toBe(2);
      const drift = JSON.parse((await terraform('show', '-json', 'drift')).stdout) as Plan;
      expect(
        drift.resource_drift?.map(({ change }) => [
          change.before?.['ha_enabled'],
          change.after?.['ha_enabled'],
        ]),
      ).toEqual([[false, true]]);
    },
    SLOW,
  );

  it(
    'passes on that Azure refuses the way back, and the workers stay',
    async () => {
      writeEnvironment('single-node');
      const deploy = await cdktf('deploy', '--auto-approve');
      expect(deploy.exitCode).not.toBe(0);
      expect(deploy.output).toContain('Node count cannot be decreased from 2 to 0.');
      const { properties } = (await atPortal('GET')).body;
      expect(properties).toMatchObject({ nodeCount: 2, state: 'Ready' });
    },
    SLOW,
  );

  it('keeps the password out of everything but the state and the plan files', () => {
    expect(said.join('')).not.toContain(PASSWORD);
    expect(JSON.stringify(azure.requests)).not.toContain(PASSWORD);
    const synthesized = files(join(home, 'cdktf.out')).filter(
      (file) => !/\/(plan|drift|\.terraform\/.*)$/.test(file),
    );
    expect(synthesized).toContain(join(stack, 'cdk.tf.json'));
    for (const file of synthesized) expect(readFileSync(file, 'utf8')).not.toContain(PASSWORD);
    // Beside what was synthesized, never inside: the next synth would sweep it away.
    expect(existsSync(join(home, '.scaleout', 'state', `${ENVIRONMENT}.tfstate`))).toBe(true);
  });
});

/** Every file below a directory. */
function files(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
