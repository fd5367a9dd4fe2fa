import type { ClusterSettings } from '../../../../scripts/local/azure/postgresql/postgresql-rules';
import {
  clusterNameRefusal,
  copyRefusal,
  passwordRefusal,
  refusal,
} from '../../../../scripts/local/azure/postgresql/postgresql-rules';

const single: ClusterSettings = {
  nodeCount: 0,
  nodeVCores: 4,
  nodeStorageQuotaInMb: 524_288,
  coordinatorVCores: 4,
  coordinatorStorageQuotaInMb: 524_288,
  postgresqlVersion: '16',
  coordinatorServerEdition: 'GeneralPurpose',
  nodeServerEdition: 'MemoryOptimized',
  citusVersion: '12.1',
  madeFrom: 'nothing',
  enableHa: false,
};
const burstable: ClusterSettings = {
  ...single,
  coordinatorServerEdition: 'BurstableGeneralPurpose',
  coordinatorVCores: 2,
  coordinatorStorageQuotaInMb: 65_536,
};
const scaled: ClusterSettings = { ...single, nodeCount: 2 };

describe('refusal', () => {
  it.each([
    ['a new single node', single, undefined],
    ['a new cluster with two workers', scaled, undefined],
    ['going from one node to two workers', scaled, single],
    [
      'more of everything',
      { ...scaled, nodeCount: 4, nodeVCores: 8, nodeStorageQuotaInMb: 1_048_576 },
      scaled,
    ],
    ['fewer vCores', { ...scaled, coordinatorVCores: 4 }, { ...scaled, coordinatorVCores: 8 }],
    [
      'small workers that do not exist yet',
      { ...single, nodeVCores: 2, nodeStorageQuotaInMb: 32_768 },
      single,
    ],
    ['a burstable node', burstable, undefined],
    ['from burstable to regular', single, burstable],
    [
      'from one burstable size to the other',
      { ...burstable, coordinatorServerEdition: 'BurstableMemoryOptimized', coordinatorVCores: 1 },
      burstable,
    ],
  ])('allows %s', (_, after, before) => {
    expect(refusal(after, before)).toBeUndefined();
  });

  it.each([
    [
      'from regular to burstable',
      burstable,
      { ...single, coordinatorStorageQuotaInMb: 65_536 },
      /no way back/,
    ],
    [
      'a burstable cluster with workers',
      { ...burstable, nodeCount: 2, coordinatorVCores: 4 },
      undefined,
      /single node clusters/,
    ],
    [
      'a burstable edition of the wrong size',
      { ...burstable, coordinatorVCores: 1 },
      undefined,
      /no valid SKU .*vCores \(1\)/,
    ],
    ['a regular edition of one vCore', { ...single, coordinatorVCores: 1 }, undefined, /no valid SKU/],
    [
      'too much burstable storage',
      { ...burstable, coordinatorStorageQuotaInMb: 524_288 },
      undefined,
      /32768, 65536, 131072 MB/,
    ],
    [
      'too little regular storage',
      { ...single, coordinatorStorageQuotaInMb: 65_536 },
      undefined,
      /A single node has 131072, .* and 65536 MB were asked for/,
    ],
    ['burstable high availability', { ...burstable, enableHa: true }, undefined, /High availability/],
    [
      'a burstable upgrade',
      { ...burstable, postgresqlVersion: '16' },
      { ...burstable, postgresqlVersion: '15' },
      /cannot be upgraded/,
    ],
    ['a single worker', { ...single, nodeCount: 1 }, undefined, /count 1 is not allowed/],
    ['too many workers', { ...single, nodeCount: 21 }, undefined, /count 21 is not allowed/],
    ['fewer workers', scaled, { ...scaled, nodeCount: 3 }, /decreased from 3 to 2/],
    ['going back to one node', single, scaled, /decreased from 2 to 0/],
    [
      'less coordinator storage',
      { ...single, coordinatorStorageQuotaInMb: 262_144 },
      single,
      /Coordinator storage cannot be decreased from 524288 MB to 262144 MB/,
    ],
    [
      'less worker storage',
      { ...scaled, nodeStorageQuotaInMb: 524_288 },
      { ...scaled, nodeStorageQuotaInMb: 1_048_576 },
      /Worker node storage cannot be decreased/,
    ],
    [
      'workers with too few vCores',
      { ...scaled, nodeVCores: 2 },
      single,
      /no valid SKU .* node server edition .* vCores \(2\)/,
    ],
    [
      'workers with too little storage',
      { ...scaled, nodeStorageQuotaInMb: 262_144 },
      single,
      /A worker node has 524288, .* and 262144 MB/,
    ],
    [
      'a coordinator too small for workers',
      { ...scaled, coordinatorVCores: 2 },
      single,
      /no valid SKU .* coordinator server edition .* vCores \(2\)/,
    ],
    ['an older PostgreSQL', { ...single, postgresqlVersion: '15' }, single, /from 16 to 15/],
  ])('refuses %s', (_, after, before, message) => {
    expect(refusal(after, before)).toMatch(message);
  });
});

it('refuses names that the service refuses', () => {
  const names = [
    'wwi-sensors-dev',
    'abc',
    '1a2',
    'a'.repeat(40),
    'a'.repeat(41),
    '-ab',
    'ab-',
    'ABC',
    'a_b',
    'ab',
    '123',
    '',
  ];
  expect(names.filter((name) => clusterNameRefusal(name) === undefined)).toEqual(names.slice(0, 4));
});

it('refuses weak passwords without repeating them', () => {
  expect(passwordRefusal('Correct-horse-9')).toBeUndefined();
  expect(passwordRefusal('ABCdef123')).toBeUndefined();
  for (const weak of ['Ab1-xyz', 'onlyletters1', 'x'.repeat(129)]) {
    expect(passwordRefusal(weak)).toMatch(/does not meet the requirements/);
    expect(passwordRefusal(weak)).not.toContain(weak);
  }
  expect(passwordRefusal(undefined)).toMatch(/required/);
});

describe('copyRefusal', () => {
  const copy = {
    location: 'westus2',
    sourceIsReplica: false,
    replicas: 0,
    sourceLocation: 'westus2',
    statedLocation: 'westus2',
    sourceEdition: 'GeneralPurpose',
    earliestRestoreTime: '2026-01-01T00:00:00.500Z',
    pointInTime: undefined,
    now: new Date('2026-02-01T00:00:00Z'),
  };

  it.each([
    ['a read replica', copy],
    ['the earliest moment, in whole seconds', { ...copy, pointInTime: '2026-01-01T00:00:00Z' }],
    ['a read replica elsewhere', { ...copy, location: 'eastus' }],
    ['a fifth read replica', { ...copy, replicas: 4 }],
    ['a moment given in another zone', { ...copy, pointInTime: '2026-02-01T01:00:00+01:00' }],
    [
      'a restore of a burstable node',
      { ...copy, sourceEdition: 'BurstableGeneralPurpose', pointInTime: '2026-01-02T00:00:00Z' },
    ],
  ])('allows %s', (_, settings) => {
    expect(copyRefusal(settings)).toBeUndefined();
  });

  it.each([
    [
      'a moment before the first backup',
      { ...copy, pointInTime: '2025-12-31T23:59:59Z' },
      /has to lie between/,
    ],
    ['a moment to come', { ...copy, pointInTime: '2026-02-01T00:00:01Z' }, /has to lie between/],
    ['what is no moment', { ...copy, pointInTime: 'yesterday' }, /yesterday cannot be restored/],
    ['a source elsewhere', { ...copy, statedLocation: 'eastus' }, /is in westus2, and not in eastus/],
    [
      'a restore elsewhere',
      { ...copy, location: 'eastus', pointInTime: '2026-01-02T00:00:00Z' },
      /geo-redundant/,
    ],
    ['a replica of a replica', { ...copy, sourceIsReplica: true }, /replicas of its own/],
    ['a sixth replica', { ...copy, replicas: 5 }, /has 5 read replicas already/],
    ['a replica of a burstable node', { ...copy, sourceEdition: 'BurstableMemoryOptimized' }, /burstable/],
  ])('refuses %s', (_, settings, message) => {
    expect(copyRefusal(settings)).toMatch(message);
  });
});
