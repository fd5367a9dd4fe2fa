import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { testEnvironment } from './support/environment';
import { scratchDirectory } from './support/scratch';

const root = path.resolve(__dirname, '..');

describe('TypeScript without a build step', () => {
  const scratch = scratchDirectory();

  /** A project of its own, with nothing kept yet. */
  function project(): string {
    const home = mkdtempSync(path.join(scratch, 'project-'));
    for (const folder of ['scripts', 'node_modules']) mkdirSync(path.join(home, folder));
    copyFileSync(path.join(root, 'scripts/typescript.js'), path.join(home, 'scripts/typescript.js'));
    symlinkSync(path.join(root, 'node_modules/@swc'), path.join(home, 'node_modules/@swc'));
    return home;
  }

  const cacheOf = (home: string): string => path.join(home, 'node_modules/.cache/scaleout');

  function start(home: string, source: string): { stdout: string; stderr: string } {
    writeFileSync(path.join(home, 'main.ts'), source);
    const { stdout, stderr } = spawnSync(process.execPath, ['-r', './scripts/typescript.js', 'main.ts'], {
      cwd: home,
      encoding: 'utf8',
      env: testEnvironment(),
    });
    return { stdout, stderr };
  }

  const LOADS_SWC = 'Object.keys(require.cache).some((file) => /@swc.core.+js$/.test(file))';

  it('starts swc for a file once, and again when the file is another', () => {
    const home = project();
    const [first, second] = [1, 2].map(
      (value) => `const n: number = ${String(value)}; console.log(n, ${LOADS_SWC});`,
    );
    expect(start(home, first!)).toEqual({ stdout: '1 true\n', stderr: '' });
    expect(start(home, first!)).toEqual({ stdout: '1 false\n', stderr: '' });
    expect(start(home, second!)).toEqual({ stdout: '2 true\n', stderr: '' });
    expect(readdirSync(cacheOf(home))).toHaveLength(1);
  });

  it('takes nothing for kept that was not written whole', () => {
    const home = project();
    start(home, 'console.log(1);');
    const [kept = ''] = readdirSync(cacheOf(home));
    writeFileSync(path.join(cacheOf(home), kept), '/*');
    expect(start(home, 'console.log(1);')).toEqual({ stdout: '1\n', stderr: '' });
  });

  it('runs where nothing can be kept', () => {
    const home = project();
    writeFileSync(path.join(home, 'node_modules/.cache'), 'no folder');
    expect(start(home, 'const n: number = 1; console.log(n);')).toEqual({ stdout: '1\n', stderr: '' });
  });

  it('names the line of the source where an error came from, kept or not', () => {
    const home = project();
    const source = 'interface Gone {\n  readonly a: 1;\n}\n\nthrow new Error("as foreseen");\n';
    for (let starts = 0; starts < 2; starts += 1) {
      expect(start(home, source).stderr).toMatch(/at \S+ \(\S*main\.ts:5:7\)|main\.ts:5:7/);
    }
  });

  it('imports while running, as the verbs do', () => {
    const home = project();
    writeFileSync(path.join(home, 'late.ts'), 'export const late: string = "late";');
    const source = 'void import("./late.ts").then(({ late }) => console.log(late));';
    expect(start(home, source)).toEqual({ stdout: 'late\n', stderr: '' });
  });
});
