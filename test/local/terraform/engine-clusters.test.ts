import type { LocalCluster } from '../../../scripts/local/engines/engine';
import { EngineClusters } from '../../../scripts/local/terraform/engine-clusters';

const ID = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi';
const shape = { id: ID, name: 'wwi', nodeCount: 0, coordinatorHoldsShards: true };

interface FakeCluster extends LocalCluster {
  readonly calls: string[];
}

/** A cluster that writes down what is asked of it. @param fails the calls that are refused, each once */
function fakeCluster(options: { readonly citus?: boolean; readonly fails?: string[] } = {}): FakeCluster {
  const calls: string[] = [];
  const fails = options.fails ?? [];
  const nodes = [{ name: 'coordinator', host: 'h', port: 1 }];
  const called = async (call: string): Promise<void> => {
    calls.push(call);
    const [name = ''] = call.split(' ');
    if (!fails.includes(name)) return;
    fails.splice(fails.indexOf(name), 1);
    throw new Error(`${name} failed`);
  };
  return {
    calls,
    engine: 'native',
    citus: options.citus ?? true,
    scalable: options.citus ?? true,
    coordinator: { host: '127.0.0.1', port: 4711, user: 'citus', database: 'citus', sslMode: 'disable' },
    nodes,
    async addWorkers(count) {
      await called(`addWorkers ${String(count)}`);
      for (let added = 0; added < count; added += 1) {
        nodes.push({ name: `w${String(nodes.length - 1)}`, host: 'h', port: nodes.length });
      }
    },
    setLogin: (role, password) => called(`setLogin ${role} ${password}`),
    dropLogin: (role) => called(`dropLogin ${role}`),
    setCoordinatorHoldsShards: (holds) => called(`hold ${String(holds)}`),
    lost: () => Promise.resolve(undefined),
    keep: () => undefined,
    stop: () => called('stop'),
  };
}

describe('clusters of an engine', () => {
  it('start as they are asked for, and grow', async () => {
    const cluster = fakeCluster();
    const clusters = new EngineClusters(() => Promise.resolve(cluster));
    await clusters.create({ ...shape, password: 'p' });
    await clusters.scale({ ...shape, nodeCount: 2 });
    await clusters.scale({ ...shape, nodeCount: 3, coordinatorHoldsShards: false });
    await clusters.scale({ ...shape, nodeCount: 3, coordinatorHoldsShards: true });
    expect(cluster.calls).toEqual([
      'setLogin citus p',
      'hold true',
      'addWorkers 2',
      'hold true',
      'addWorkers 1',
      'hold false',
      'hold true',
    ]);
    expect(clusters.locate(ID.toUpperCase())).toEqual({ host: '127.0.0.1', port: 4711 });
  });

  it('change the password, and have other roles', async () => {
    const cluster = fakeCluster();
    const clusters = new EngineClusters(() => Promise.resolve(cluster));
    await clusters.create({ ...shape, password: 'p' });
    cluster.calls.length = 0;
    await clusters.setPassword({ id: ID, name: 'wwi', password: 'q' });
    await clusters.createRole({ clusterId: ID, name: 'reader', password: 'r' });
    await clusters.dropRole({ clusterId: ID, name: 'reader' });
    expect(cluster.calls).toEqual(['setLogin citus q', 'setLogin reader r', 'dropLogin reader']);
  });

  it('leave nothing of a creation that fails, and the next one starts afresh', async () => {
    const broken = fakeCluster({ fails: ['addWorkers'] });
    const whole = fakeCluster();
    const made = [broken, whole];
    const clusters = new EngineClusters(async () => made.shift()!);
    await expect(clusters.create({ ...shape, nodeCount: 2, password: 'p' })).rejects.toThrow(
      'addWorkers failed',
    );
    expect(broken.calls.at(-1)).toBe('stop');
    expect(clusters.locate(ID)).toBeUndefined();
    await clusters.create({ ...shape, nodeCount: 2, password: 'p' });
    expect(clusters.running()).toEqual([whole]);
  });

  it('ask for the missing workers again when the attempt before failed', async () => {
    const cluster = fakeCluster({ fails: ['addWorkers'] });
    const clusters = new EngineClusters(() => Promise.resolve(cluster));
    await clusters.create({ ...shape, password: 'p' });
    await expect(clusters.scale({ ...shape, nodeCount: 2 })).rejects.toThrow('addWorkers failed');
    await clusters.scale({ ...shape, nodeCount: 2 });
    expect(cluster.nodes).toHaveLength(3);
    expect(cluster.calls.filter((call) => call === 'addWorkers 2')).toHaveLength(2);
  });

  it('stay one node on plain PostgreSQL', async () => {
    const cluster = fakeCluster({ citus: false });
    const clusters = new EngineClusters(() => Promise.resolve(cluster));
    await clusters.create({ ...shape, password: 'p' });
    await clusters.scale({ ...shape, nodeCount: 2 });
    expect(cluster.calls).toEqual(['setLogin citus p']);
  });

  it('go with their resource, and with the run, also those that are only starting', async () => {
    const first = fakeCluster();
    const late = fakeCluster();
    let arrive: (cluster: LocalCluster) => void = () => undefined;
    const made: Promise<LocalCluster>[] = [
      Promise.resolve(first),
      new Promise((resolve) => {
        arrive = resolve;
      }),
    ];
    const clusters = new EngineClusters(async () => made.shift()!);
    await clusters.create({ ...shape, password: 'p' });
    await clusters.remove(ID);
    await clusters.remove(ID);
    expect(first.calls.filter((call) => call === 'stop')).toEqual(['stop']);
    const creation = clusters.create({ ...shape, password: 'p' }).catch(() => undefined);
    await new Promise(setImmediate);
    const stopped = clusters.stop();
    arrive(late);
    await stopped;
    await creation;
    expect(late.calls).toContain('stop');
    expect(clusters.running()).toEqual([]);
    await expect(clusters.create({ ...shape, password: 'p' })).rejects.toThrow('being taken down');
  });
});
