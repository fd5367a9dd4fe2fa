import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type * as os from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import { withPrivateDirectory } from '../../scripts/infra/private-directory';
import { scratchDirectory } from '../support/scratch';

/** Where this process keeps temporary files, in the place of what the system says. */
const place: { directory?: string } = {};
jest.mock('node:os', () => {
  const real = jest.requireActual<typeof os>('node:os');
  return { ...real, tmpdir: () => place.directory ?? real.tmpdir() };
});

const scratch = realpathSync(scratchDirectory());

describe('a private directory', () => {
  let temporary: string;
  beforeEach(() => {
    temporary = mkdtempSync(join(scratch, 'temporary files of '));
    place.directory = temporary;
  });
  afterEach(() => {
    delete place.directory;
  });
  const used = (where = temporary): Promise<string> => {
    place.directory = where;
    return withPrivateDirectory(async (directory) => {
      expect(existsSync(directory)).toBe(true);
      expect(statSync(directory).mode & 0o077).toBe(0);
      return directory;
    });
  };

  test('is there for as long as it is used', async () => {
    expect((await used()).startsWith(temporary)).toBe(true);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('is named so that a program that runs elsewhere finds it', async () => {
    const directory = await used(relative(process.cwd(), temporary));
    expect(isAbsolute(directory)).toBe(true);
  });

  test('takes away what killed processes left, and nothing else', async () => {
    const dead = `scaleout-plan-${String(2 ** 22 + 1)}-abc`;
    const living = `scaleout-plan-${String(process.pid)}-abc`;
    for (const name of [dead, living, 'scaleout-plan-', 'scaleout-plan-x-abc', 'scaleout-synth-abc']) {
      mkdirSync(join(temporary, name, 'below'), { recursive: true });
    }
    writeFileSync(join(temporary, `${dead}d`), 'a file');
    symlinkSync('/nowhere', join(temporary, `${dead}e`));
    await used();
    expect(readdirSync(temporary).sort()).toEqual(
      [living, 'scaleout-plan-', 'scaleout-plan-x-abc', 'scaleout-synth-abc'].sort(),
    );
  });
});
