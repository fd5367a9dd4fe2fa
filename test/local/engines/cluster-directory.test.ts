import type * as fs from 'node:fs';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type * as os from 'node:os';
import { basename, join } from 'node:path';
import {
  createClusterDirectory,
  isOwned,
  sweepClusters,
  takeDownCluster,
} from '../../../scripts/local/engines/cluster-directory';
import { scratchDirectory } from '../../support/scratch';

/** What nobody may remove or list here: as root, anybody may. */
const closed = new Set<string>();
jest.mock('node:fs', () => {
  const real = jest.requireActual<typeof fs>('node:fs');
  const refused = (file: unknown): void => {
    if (closed.has(String(file)))
      throw Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  };
  return {
    ...real,
    rmSync: (...args: Parameters<typeof fs.rmSync>) => {
      refused(args[0]);
      real.rmSync(...args);
    },
    readdirSync: (...args: [string]) => {
      refused(args[0]);
      return real.readdirSync(...args);
    },
  };
});

/** Where this process keeps temporary files, in the place of what the system says. */
const place: { directory?: string } = {};
jest.mock('node:os', () => {
  const real = jest.requireActual<typeof os>('node:os');
  return { ...real, tmpdir: () => place.directory ?? real.tmpdir() };
});

const scratch = realpathSync(scratchDirectory());
const GONE = { pid: 2 ** 22 + 1 };
const LONG_AGO = new Date(Date.now() - 3_600_000);

describe('a folder for temporary files', () => {
  let temporary: string;
  beforeEach(() => {
    temporary = mkdtempSync(join(scratch, 'temporary files of '));
    place.directory = temporary;
  });
  afterEach(() => {
    delete place.directory;
    closed.clear();
  });

  test('of any name holds a cluster', async () => {
    const directory = createClusterDirectory();
    expect(directory.startsWith(temporary)).toBe(true);
    expect(isOwned(directory)).toBe(true);
    await takeDownCluster(directory);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('is swept of what killed runs left, whatever lies between', async () => {
    const living = createClusterDirectory();
    const dead = createClusterDirectory({ owner: GONE });
    const stubborn = createClusterDirectory({ owner: GONE });
    closed.add(stubborn);
    const leftovers = ['scaleout-cluster-file', 'scaleout-cluster-half', 'scaleout-cluster-fresh'].map(
      (name) => join(temporary, name),
    );
    const [file = '', half = '', fresh = ''] = leftovers;
    writeFileSync(file, 'no folder');
    for (const directory of [half, fresh]) mkdirSync(directory);
    writeFileSync(join(half, 'cluster.json'), '{"formatVersion":');
    for (const old of [file, half]) utimesSync(old, LONG_AGO, LONG_AGO);
    mkdirSync(join(temporary, 'scaleout-tests-x'));

    await sweepClusters();
    expect(
      [living, dead, stubborn, file, half, fresh].map((each) => [basename(each), existsSync(each)]),
    ).toEqual([
      [basename(living), true],
      [basename(dead), false],
      [basename(stubborn), true],
      [basename(file), false],
      [basename(half), false],
      [basename(fresh), true],
    ]);
    expect(existsSync(join(temporary, 'scaleout-tests-x'))).toBe(true);
  });

  test('that cannot be listed stops nobody', async () => {
    closed.add(temporary);
    await expect(sweepClusters()).resolves.toEqual(expect.any(Number));
  });

  test('that is not there is not looked into', async () => {
    rmSync(temporary, { recursive: true });
    await expect(sweepClusters()).resolves.toEqual(expect.any(Number));
  });
});
