import { ref, Token } from 'cdktf';
import { ClusterTopology } from '../../constructs/cluster-topology';

const coordinator = { vCores: 4, storageGiB: 512, burstable: false };
const workers = { count: 2, vCores: 4, storageGiB: 512 };

describe('ClusterTopology', () => {
  test('a single node has no worker and always holds shards', () => {
    expect(ClusterTopology.singleNode({ coordinator })).toMatchObject({
      nodeCount: 0,
      coordinatorHoldsShards: true,
      coordinatorEdition: 'GeneralPurpose',
      workers: undefined,
    });
    expect(ClusterTopology.singleNode({ coordinator, plannedWorkers: workers })).toMatchObject({
      nodeCount: 0,
      workers,
    });
  });

  test('a cluster with workers has as many nodes as workers', () => {
    expect(ClusterTopology.multiNode({ coordinator, workers, coordinatorHoldsShards: false })).toMatchObject({
      nodeCount: 2,
      coordinatorHoldsShards: false,
    });
  });

  test.each([
    [1, 'BurstableMemoryOptimized'],
    [2, 'BurstableGeneralPurpose'],
  ])('a burstable node of %d vCores has the edition %s', (vCores, edition) => {
    const node = { vCores, storageGiB: 32, burstable: true };
    expect(ClusterTopology.singleNode({ coordinator: node }).coordinatorEdition).toBe(edition);
  });

  test('fails, naming every size the service would refuse', () => {
    expect(() =>
      ClusterTopology.multiNode({
        coordinator: { ...coordinator, vCores: 2 },
        workers: { count: 1, vCores: 4, storageGiB: 128 },
        coordinatorHoldsShards: true,
      }),
    ).toThrow(
      'not a topology of a cluster: coordinator.vCores is 2: the coordinator of a cluster with workers has 4, 8, 16, 32, 64 or 96 vCores; ' +
        'workers.count is 1: a cluster has no worker or 2 to 20 of them, never one; ' +
        'workers.storageGiB is 128: a worker has 512, 1024, 2048, 4096, 8192 or 16384 GiB of storage',
    );
    expect(() =>
      ClusterTopology.singleNode({ coordinator, plannedWorkers: { ...workers, count: 21 } }),
    ).toThrow('plannedWorkers.count is 21');
    expect(() =>
      ClusterTopology.multiNode({
        coordinator: { vCores: 2, storageGiB: 64, burstable: true },
        workers,
        coordinatorHoldsShards: true,
      }),
    ).toThrow('coordinator.burstable is true, and a burstable node cannot have workers');
  });

  test('a node has the edition of its kind, unless another is chosen', () => {
    const topology = ClusterTopology.multiNode({
      coordinator: { ...coordinator, edition: 'MemoryOptimized' },
      workers,
      coordinatorHoldsShards: true,
    });
    expect(topology.coordinatorEdition).toBe('MemoryOptimized');
    expect(topology.workerEdition).toBe('MemoryOptimized');
    const cheap = { ...workers, edition: 'GeneralPurpose' as const };
    expect(ClusterTopology.singleNode({ coordinator, plannedWorkers: cheap }).workerEdition).toBe(
      'GeneralPurpose',
    );
  });

  test('what was checked cannot be changed afterwards', () => {
    const size = { ...coordinator };
    const topology = ClusterTopology.singleNode({ coordinator: size });
    size.vCores = 3;
    expect(topology.coordinator.vCores).toBe(4);
    expect(() => Object.assign(topology.coordinator, { vCores: 3 })).toThrow(TypeError);
    expect(() => Object.assign(topology, { nodeCount: 1 })).toThrow(TypeError);
  });

  test('leaves sizes that only Terraform knows to the service', () => {
    const vCores = Token.asNumber(ref('var.cores'));
    expect(ClusterTopology.singleNode({ coordinator: { ...coordinator, vCores } }).nodeCount).toBe(0);
  });
});
