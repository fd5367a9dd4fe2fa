import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentReporter } from '../../../scripts/lib/reporter';
import type { VerbContext } from '../../../scripts/lib/verb';
import { withClient } from '../../../scripts/lib/connection';
import type { LocalWorld } from '../../../scripts/local/run';
import { localDown, localRun, localStatus, localUp } from '../../../scripts/local/commands';
import {
  createClusterDirectory,
  isOwned,
  sweepClusters,
  takeDownCluster,
} from '../../../scripts/local/engines/cluster-directory';
import { embeddedEngine } from '../../../scripts/local/engines/embedded';
import type { Engine, LocalCluster } from '../../../scripts/local/engines/engine';
import { endProcessesIn } from '../../../scripts/local/engines/processes';
import { readPassword, stateFiles } from '../../../scripts/local/engines/local-state';
import { testEnvironment } from '../../support/environment';
import { laneSuite } from '../../support/lanes';
import { scratchDirectory } from '../../support/scratch';
import { recordingReporter } from './recording-reporter';

jest.setTimeout(60_000);

const ROWS = 5000;
const scratch = scratchDirectory();

/** The embedded engine, with the clusters it started within reach. */
function watchedEngine(clusters: LocalCluster[]): Engine {
  return {
    name: 'embedded',
    async probe() {
      const availability = await embeddedEngine.probe();
      if (!availability.available) return availability;
      return {
        ...availability,
        async start(reporter) {
          const cluster = await availability.start(reporter);
          clusters.push(cluster);
          return cluster;
        },
      };
    },
  };
}

function world(name: string, clusters: LocalCluster[] = []): LocalWorld {
  return {
    engines: [watchedEngine(clusters)],
    environment: {},
    stateDirectory: join(scratch, name),
  };
}

function context(options: Partial<VerbContext> = {}): VerbContext {
  return {
    reporter: silentReporter,
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
    ...options,
  };
}

async function isGone(cluster: LocalCluster | undefined): Promise<boolean> {
  const directory = cluster?.directory ?? '';
  return directory !== '' && !existsSync(directory) && (await endProcessesIn(directory)) === 0;
}

laneSuite('postgres', 'the journey on PostgreSQL from npm', () => {
  test('is real up to the first node and simulated from there, and leaves nothing behind', async () => {
    const reporter = recordingReporter();
    const clusters: LocalCluster[] = [];
    const { document, text, outcome } = await localRun(
      context({ reporter }),
      { rows: ROWS },
      world('run', clusters),
    );
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      formatVersion: 1,
      engine: 'embedded',
      rows: ROWS,
      order: 'scale-first',
      simulated: true,
      tasks: { perDevice: 1, allDevices: 32, simulated: true },
      rebalance: { moves: 0, bytes: 0 },
      verify: { ok: true },
    });
    expect(document.placements.map(({ node, shards }) => [node, shards])).toEqual([
      ['coordinator', 11],
      ['w0', 11],
      ['w1', 10],
    ]);
    expect(document.placements.every(({ bytes }) => bytes > 0)).toBe(true);
    const simulated = document.stages.filter((stage) => stage.simulated === true).map(({ name }) => name);
    expect(simulated).toEqual(['scale', 'distribute', 'rebalance', 'verify']);
    expect(document.stages.map(({ name }) => name)).toEqual([
      'start',
      'schema',
      'load',
      'queries',
      'fingerprint',
      'scale',
      'distribute',
      'rebalance',
      'verify',
      'stop',
    ]);
    expect(reporter.lines).toContain('events: 5000');
    const distribution = reporter.lines.slice(
      reporter.lines.indexOf('# Distribute: 32 shards [simulated]') + 1,
      reporter.lines.indexOf('# Rebalance [simulated]'),
    );
    expect(distribution.length).toBeGreaterThan(5);
    expect(distribution.every((line) => line.startsWith('[simulated] '))).toBe(true);
    expect(text).toContain('[simulated]');
    expect(await isGone(clusters[0])).toBe(true);
  });

  test('the other way round moves 21 shards, in numbers', async () => {
    const { document } = await localRun(
      context(),
      { rows: ROWS, order: 'distribute-first' },
      world('distribute-first'),
    );
    expect(document.rebalance.moves).toBe(21);
    expect(document.rebalance.bytes).toBeGreaterThan(0);
    expect(document.placements.map(({ shards }) => shards)).toEqual([11, 11, 10]);
    expect(document.verify.ok).toBe(true);
  });

  test.each([
    [{ rows: 0 }, 'rows is 0: it must be a whole number, 1 or more'],
    [{ rows: 1.5 }, 'rows is 1.5'],
    [{ rows: Number.NaN }, 'rows is NaN'],
    [{ order: 'backwards' }, 'there is no order "backwards": it is scale-first or distribute-first'],
    [{ engine: 'podman' }, 'there is no engine "podman"'],
    [{ workload: 'sensor' }, 'there is no workload "sensor" (did you mean "sensors"?)'],
    [{ engine: 'docker' }, 'the engine "docker" cannot be used here'],
  ])('wrong input %j starts nothing', async (input, message) => {
    const clusters: LocalCluster[] = [];
    await expect(localRun(context(), input, world('wrong', clusters))).rejects.toThrow(message);
    expect(clusters).toEqual([]);
  });

  test('asked to stop while rows are loaded, it takes the cluster down and says so in one line', async () => {
    const controller = new AbortController();
    const clusters: LocalCluster[] = [];
    const reporter = {
      ...silentReporter,
      progress: () => ({ update: () => controller.abort(), finish: () => undefined }),
    };
    await expect(
      localRun(context({ reporter, signal: controller.signal }), { rows: 400_000 }, world('stop', clusters)),
    ).rejects.toThrow(
      'stopped as asked at the stage "load". The cluster was taken down and nothing is left of it',
    );
    expect(await isGone(clusters[0])).toBe(true);
  });

  test('a server that is killed in the middle is named, and what is left of it taken down', async () => {
    const clusters: LocalCluster[] = [];
    let killed = false;
    const reporter = {
      ...silentReporter,
      progress: () => ({
        update() {
          if (killed) return;
          killed = true;
          void endProcessesIn(clusters[0]?.directory ?? '');
        },
        finish: () => undefined,
      }),
    };
    await expect(
      localRun(context({ reporter }), { rows: 400_000 }, world('killed', clusters)),
    ).rejects.toThrow(
      /^the coordinator server ended by itself \(.+\) at the stage "load"\. The cluster was taken down/,
    );
    expect(await isGone(clusters[0])).toBe(true);
  });
});

laneSuite('postgres', 'a cluster that is kept', () => {
  test('answers until it is taken down, and a second one is refused', async () => {
    const clusters: LocalCluster[] = [];
    const here = world('up', clusters);
    const started = await localUp(context(), { rows: 100 }, here);
    expect(started.document.status).toMatchObject({ up: true, engine: 'embedded' });
    expect(started.text).toContain('export PGPASSFILE=');

    const { document } = await localStatus(context(), here);
    const { connection } = document;
    if (connection === undefined) throw new Error('no connection');
    const password = readPassword(stateFiles(here.stateDirectory));
    expect(JSON.stringify([started, document])).not.toContain(password);
    const { host, port, user, database } = connection;
    const rows = await withClient({ host, port, user, database, password, sslMode: 'disable' }, (client) =>
      client.query<{ events: string; superuser: boolean }>(
        'SELECT (SELECT count(*) FROM events) AS events, rolsuper AS superuser FROM pg_roles WHERE rolname = current_user',
      ),
    );
    expect(rows.rows).toEqual([{ events: '100', superuser: false }]);

    await expect(localUp(context(), { rows: 100 }, here)).rejects.toThrow(
      /is up already .* nothing was changed/,
    );
    await sweepClusters();
    expect((await localStatus(context(), here)).document.up).toBe(true);

    expect((await localDown(context(), here)).document.tookDown).toBe(true);
    expect(await isGone(clusters[0])).toBe(true);
    expect((await localStatus(context(), here)).document).toEqual({ formatVersion: 1, up: false });
    expect((await localDown(context(), here)).document.tookDown).toBe(false);
  });

  test('that died is told apart, and replaced by the next one', async () => {
    const clusters: LocalCluster[] = [];
    const here = world('died', clusters);
    await localUp(context(), { rows: 100 }, here);
    await endProcessesIn(clusters[0]?.directory ?? '');
    const status = await localStatus(context(), here);
    expect(status.document.up).toBe(false);
    expect(status.outcome).toBe('failed');

    await localUp(context(), { rows: 100 }, here);
    expect(await isGone(clusters[0])).toBe(true);
    expect((await localStatus(context(), here)).document.up).toBe(true);
    await localDown(context(), here);
    expect(await isGone(clusters[1])).toBe(true);
  });
});

laneSuite('postgres', 'a run that is killed', () => {
  const project = resolve(__dirname, '..', '..', '..');
  const program = `
    require(${JSON.stringify(join(project, 'scripts/typescript.js'))});
    const { embeddedEngine } = require(${JSON.stringify(join(project, 'scripts/local/engines/embedded.ts'))});
    embeddedEngine.probe()
      .then((availability) => availability.start())
      .then((cluster) => { console.log(cluster.directory); setInterval(() => undefined, 1000); });`;

  test('leaves no server and no file behind, with nobody there to clean up', async () => {
    const child = spawn(process.execPath, ['-e', program], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: testEnvironment(),
    });
    const directory = await new Promise<string>((found) => {
      child.stdout.once('data', (data: Buffer) => found(data.toString().trim()));
    });
    expect(existsSync(join(directory, 'servers', 'coordinator', 'postmaster.pid'))).toBe(true);
    child.kill('SIGKILL');
    const deadline = Date.now() + 15_000;
    while (existsSync(directory) && Date.now() < deadline) await sleep(100);
    expect(existsSync(directory)).toBe(false);
    expect(await endProcessesIn(directory)).toBe(0);
  });

  test('and its watchdog with it, is swept up by the next run, which leaves living clusters alone', async () => {
    const living = createClusterDirectory();
    const dead = createClusterDirectory({ owner: { pid: 2 ** 22 + 1 } });
    const unrecorded = mkdtempSync(join(tmpdir(), 'scaleout-cluster-'));
    const longAgo = new Date(Date.now() - 3_600_000);
    utimesSync(unrecorded, longAgo, longAgo);
    try {
      expect(isOwned(living)).toBe(true);
      expect(isOwned(dead)).toBe(false);
      await sweepClusters();
      expect([living, dead, unrecorded].map((directory) => existsSync(directory))).toEqual([
        true,
        false,
        false,
      ]);
      expect(readdirSync(living)).toEqual(['cluster.json']);
    } finally {
      await takeDownCluster(living);
    }
  });
});
