import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AdoptInput } from '../../scripts/adopt/commands';
import { adopt } from '../../scripts/adopt/commands';
import { deploy } from '../../scripts/infra/deploy';
import { guard } from '../../scripts/infra/guard';
import { synthesize } from '../../scripts/infra/synth';
import { silentReporter } from '../../scripts/lib/reporter';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { armClient, azurermVersion } from '../local/azure/arm-client';
import { testEnvironment } from '../support/environment';
import { processTree } from '../support/process-tree';
import type { SharedProvider } from '../support/shared-provider';
import { OWN_PLUGIN, startSharedProvider } from '../support/shared-provider';
import { seedLockFile } from '../support/terraform-plugins';
import { adoptEnvironment, clusterId, ConfigDirectory, groupId, Portal, surroundingsOf } from './hand-made';

const ROOT = path.resolve(__dirname, '../..');
const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster';

const context = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

/** Clusters as people have made them, and how many resources a first deploy imports. */
const SHAPES: Readonly<
  Record<string, { readonly imports: number; readonly make: (portal: Portal, name: string) => Promise<void> }>
> = {
  single: {
    imports: 2,
    make: async (portal, name) => {
      await portal.cluster(name);
      await portal.rule(name, 'office', '203.0.113.8', '203.0.113.15');
    },
  },
  scaled: {
    imports: 1,
    make: (portal, name) =>
      portal.cluster(name, {
        nodeCount: 3,
        nodeVCores: 8,
        nodeStorageQuotaInMb: 1_048_576,
        enableShardsOnCoordinator: true,
        coordinatorVCores: 8,
      }),
  },
  private: {
    imports: 1,
    make: async (portal, name) => {
      await portal.cluster(name, { coordinatorEnablePublicIpAccess: false });
      await portal.endpoint(name);
    },
  },
  'with-standbys': {
    imports: 1,
    make: (portal, name) =>
      portal.cluster(name, {
        enableHa: true,
        preferredPrimaryZone: '2',
        maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 2, startHour: 4, startMinute: 30 },
      }),
  },
  restored: {
    imports: 1,
    make: async (portal, name) => {
      await portal.cluster(`${name}-source`);
      const { properties } = (await portal.ask('GET', clusterId(`${name}-source`))).body;
      await portal.ask('PUT', groupId(name), { location: 'westus2' });
      await portal.put(clusterId(name), {
        location: 'westus2',
        properties: {
          sourceResourceId: clusterId(`${name}-source`),
          sourceLocation: 'westus2',
          pointInTimeUTC: properties['earliestRestoreTime'],
        },
      });
    },
  },
  replica: {
    imports: 1,
    make: async (portal, name) => {
      await portal.cluster(`${name}-source`);
      await portal.role(`${name}-source`, 'app');
      await portal.ask('PUT', groupId(name), { location: 'westus2' });
      await portal.put(clusterId(name), {
        location: 'westus2',
        properties: { sourceResourceId: clusterId(`${name}-source`), sourceLocation: 'westus2' },
      });
    },
  },
  'with-roles': {
    imports: 3,
    make: async (portal, name) => {
      await portal.cluster(name);
      await portal.role(name, 'app');
      await portal.role(name, 'reporting');
    },
  },
  'with-parameters': {
    imports: 4,
    make: async (portal, name) => {
      await portal.cluster(name, { nodeCount: 2 });
      await portal.parameter(name, 'coordinatorConfigurations', 'work_mem', '65536');
      await portal.parameter(name, 'nodeConfigurations', 'work_mem', '131072');
      await portal.parameter(name, 'nodeConfigurations', 'log_lock_waits', 'on');
    },
  },
  tagged: {
    imports: 1,
    make: (portal, name) =>
      portal.cluster(name, {}, { owner: 'fleet', 'cost centre': '1042', environment: 'test' }),
  },
  locked: {
    imports: 3,
    make: async (portal, name) => {
      await portal.cluster(name);
      await portal.rule(name, 'AllowAllAzureServices', '0.0.0.0');
      await portal.rule(name, 'everybody', '1.0.0.0', '223.255.255.255');
      await portal.lock(groupId(name), 'keep', 'ReadOnly');
    },
  },
  monitored: {
    imports: 1,
    make: async (portal, name) => {
      await portal.cluster(name, { coordinatorServerEdition: 'MemoryOptimized' });
      await portal.monitoring(name);
    },
  },
  'of-the-old-format': { imports: 1, make: (portal, name) => portal.cluster(name) },
};
const NAMES = Object.keys(SHAPES);
/** Deployed too, as each takes seconds. */
const DEPLOYED = ['replica', 'with-roles', 'with-parameters', 'locked', 'of-the-old-format'];

describe('with Terraform', () => {
  let home: string;
  let azure: AzureStandIn;
  let portal: Portal;
  let config: ConfigDirectory;
  let provider: SharedProvider;
  let environment: Record<string, string | undefined>;
  const outdir = () => path.join(home, 'cdktf.out');

  beforeAll(async () => {
    home = realpathSync(mkdtempSync(path.join(tmpdir(), 'scaleout-adopt-terraform-')));
    const stateFile = path.join(home, 'azure.json');
    const surroundings = surroundingsOf('private');
    const past = await startAzureStandIn({
      surroundings,
      operationMs: 0,
      newClusters: 'accepted',
      stateFile,
    });
    const then = new Portal(armClient(past, azurermVersion));
    await Promise.all(Object.entries(SHAPES).map(([name, { make }]) => make(then, name)));
    await then.cluster('hurried');
    await past.close();
    withOldNames(stateFile, 'of-the-old-format');
    azure = await startAzureStandIn({ surroundings, operationMs: 0, stateFile });
    portal = new Portal(armClient(azure, azurermVersion));
    config = new ConfigDirectory();
    environment = {
      ...adoptEnvironment(azure, config, testEnvironment()),
      CHECKPOINT_DISABLE: '1',
      CI: 'true',
    };
    provider = await startSharedProvider(environment);
    environment = { ...environment, ...provider.variables };
    for (const name of [...NAMES, 'hurried']) {
      mkdirSync(path.join(outdir(), 'stacks', name), { recursive: true });
      seedLockFile(path.join(outdir(), 'stacks', name));
    }
  }, 60_000);
  afterAll(async () => {
    await provider.end();
    await azure.close();
    config.remove();
    rmSync(home, { recursive: true, force: true });
  });

  const adopted = (name: string, more: Partial<AdoptInput> = {}) =>
    adopt(context, {
      id: clusterId(name),
      name,
      plan: true,
      environment,
      stack: { directory: outdir() },
      ...more,
    });
  const changesSince = (since: number): string[] =>
    azure.requests
      .slice(since)
      .filter(({ method, url }) => !/^(?:GET|HEAD)$/.test(method) && !url.includes('/oauth2/'))
      .map(({ method, url }) => `${method} ${url}`);

  it('adopts in one command, within a minute', async () => {
    const started = performance.now();
    const { document, text, outcome } = await adopted('single');
    expect(performance.now() - started).toBeLessThan(60_000);
    expect({ outcome, ...document }).toMatchObject({
      outcome: 'done',
      written: true,
      planned: true,
      ok: true,
      others: [],
    });
    expect(document.imports).toHaveLength(2);
    expect(document.imports[0]).toMatch(new RegExp(`^${CLUSTER}\\.`));
    expect(text).toContain('The plan: 2 to import, nothing else. Azure would not change.');
    expect(text).toMatch(/Next: npx scaleout deploy single$/);
    expect(changesSince(0)).toEqual([]);
    // The same once more, as after a run that was killed.
    await expect(adopted('single')).resolves.toMatchObject({
      outcome: 'done',
      document: { written: false, ok: true },
    });
  }, 120_000);

  it('refuses a plan of more than imports, by name', async () => {
    const written = config.read('single');
    config.write('single', written.replace('protectFromDestroy: true', 'lockAgainstDeletion: true'));
    const { document, text, outcome } = await adopted('single');
    config.write('single', written);
    expect(outcome).toBe('refused');
    expect(document.ok).toBe(false);
    expect(document.others).toEqual([expect.stringMatching(/^create azurerm_management_lock\./)]);
    expect(text).toContain('single is not adopted yet');
    expect(text).toMatch(/Next: npx scaleout guard single$/);
  }, 120_000);

  describe('every shape', () => {
    beforeAll(async () => {
      for (const name of NAMES.slice(1)) {
        await expect(adopted(name, { plan: false })).resolves.toMatchObject({ document: { written: true } });
      }
      await synthesize(outdir(), { environment });
    }, 60_000);

    it.each(NAMES)(
      '%s plans nothing but imports',
      async (name) => {
        const options = { name, allow: [], environment, directory: outdir(), skipSynth: true };
        const before = azure.requests.length;
        // A deploy plans twice: what it is to do, and what is left to do afterwards.
        const { document } = DEPLOYED.includes(name)
          ? await deploy(context, options)
          : await guard(context, options);
        expect(document.ok).toBe(true);
        expect(document.changes.map(({ action, words }) => `${action} ${String(words.length)}`)).toEqual(
          Array.from({ length: SHAPES[name]?.imports ?? 0 }, () => 'adopt 1'),
        );
        if ('pending' in document) expect(document.pending).toEqual([]);
        expect(changesSince(before)).toEqual([]);
      },
      60_000,
    );
  });

  describe('killed', () => {
    const started = () =>
      spawn(
        process.execPath,
        [
          path.join(ROOT, 'scripts/scaleout.js'),
          'adopt',
          '--id',
          clusterId('hurried'),
          '--env',
          'hurried',
          '--json',
        ],
        {
          cwd: home,
          env: { ...environment, ...OWN_PLUGIN },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
    /** Kills it with all of its processes at once, as soon as something is so. */
    const killedOnce = async (isSo: () => boolean): Promise<void> => {
      const child = started();
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const closed = new Promise((done) => child.once('close', done));
      while (!isSo()) {
        if (child.exitCode !== null) throw new Error(`it ended before it was killed: ${output}`);
        await new Promise((done) => setTimeout(done, 20));
      }
      for (const pid of processTree(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
      await closed;
    };
    const isWritten = (): boolean => readOrEmpty(config.file('hurried')) !== '';

    it('while it reads or plans, it goes on when it is run again', async () => {
      azure.inject({ path: /hurried\/configurations$/, answer: { kind: 'slow', ms: 2000 } });
      await killedOnce(() => azure.requests.some(({ url }) => url.includes('/hurried/roles?')));
      expect(isWritten()).toBe(false);
      await killedOnce(isWritten);
      const { document, outcome } = await adopted('hurried');
      expect({ outcome, written: document.written, imports: document.imports }).toEqual({
        outcome: 'done',
        written: false,
        imports: [expect.stringContaining(CLUSTER) as string],
      });
    }, 120_000);
  });

  it('says that Terraform is not there, and how the plan is made', async () => {
    await portal.ask('GET', clusterId('single'));
    const { document, text, outcome } = await adopted('single', {
      environment: { ...environment, TERRAFORM_BINARY_NAME: 'no-such-terraform' },
    });
    expect({ outcome, planned: document.planned, ok: document.ok }).toEqual({
      outcome: 'done',
      planned: false,
      ok: true,
    });
    expect(text).toContain(
      'No plan was made, since Terraform is not installed here. Where it is, npx scaleout guard single',
    );
  }, 60_000);
});

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Gives the servers of a cluster the names that the service gave them before 2023. */
function withOldNames(stateFile: string, name: string): void {
  const state = JSON.parse(readFileSync(stateFile, 'utf8')) as {
    readonly resources: { id: string; properties: Record<string, unknown> }[];
  };
  const cluster = state.resources.find(({ id }) => id === clusterId(name));
  if (cluster === undefined) throw new Error(`${name} is not there`);
  cluster.properties['serverNames'] = [
    { name: `${name}-c`, fullyQualifiedDomainName: `c.${name}.postgres.database.azure.com` },
  ];
  writeFileSync(stateFile, JSON.stringify(state));
}
