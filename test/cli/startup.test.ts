import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { testEnvironment } from '../support/environment';

const root = path.resolve(__dirname, '../..');

/** The modules that a command line loads, relative to the repository. */
function loadedBy(...argv: string[]): string[] {
  const program = `
    process.on('exit', () => process.stderr.write(JSON.stringify(Object.keys(require.cache))));
    process.argv.splice(1, 0, 'scaleout.js');
    require('./scripts/scaleout.js');`;
  const { stderr, status } = spawnSync(process.execPath, ['-e', program, '--', ...argv], {
    cwd: root,
    encoding: 'utf8',
    env: testEnvironment(),
  });
  expect(status).toBe(0);
  return (JSON.parse(stderr) as string[]).map((file) => path.relative(root, file));
}

/** Of packages swc is left out: where what it makes cannot be kept, every start needs it (typescript.test.ts). */
const packagesAmong = (files: readonly string[]): string[] => [
  ...new Set(files.flatMap((file) => /^node_modules\/((?!@swc\/)(?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])),
];

/** Time depends on the machine; what is loaded does not. Each file here costs every start of the program. */
describe('what a start loads', () => {
  it.each([
    [['--help']],
    [['audit', '--help']],
    [['tables', 'plan', '--help']],
    [['rebalance', 'run', '--help']],
    [['local', 'run', '--help']],
  ])('%j: the command line alone', (argv) => {
    const files = loadedBy(...argv);
    expect(packagesAmong(files)).toEqual(['@commander-js/extra-typings', 'commander']);
    const ours = files.filter((file) => file.endsWith('.ts') && !file.startsWith('scripts/cli/'));
    // Names that flags offer, errors and their codes: small files that stand on little.
    expect(ours.length > 17 ? ours : []).toEqual([]);
  });

  it('schemas --check: what reads the files of config/, and no database', () => {
    const files = loadedBy('schemas', '--check');
    expect(packagesAmong(files)).toEqual(['@commander-js/extra-typings', 'commander', 'zod', 'yaml']);
    expect(files.filter((file) => /^scripts\/(tables|database|infra)\//.test(file))).toEqual([]);
  });
});
