import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { installFault, installPackages } from '../../scripts/cdktn/install';
import type { Reporter } from '../../scripts/lib/reporter';
import { testEnvironment } from '../support/environment';
import { scratchDirectory } from '../support/scratch';

const home = scratchDirectory();
const context = {
  reporter: { info: () => undefined } as unknown as Reporter,
  signal: new AbortController().signal,
};

/** An npm that does what the shell script says, in front of everything else on the PATH. */
function npmThat(
  name: string,
  script: string,
): { home: string; environment: Record<string, string | undefined> } {
  const bin = path.join(home, name, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return {
    home: path.join(home, name, 'installed'),
    environment: testEnvironment({ PATH: `${bin}:${testEnvironment()['PATH'] ?? ''}` }),
  };
}

describe('the installation of the packages of cdktn', () => {
  test('is made once, from the pins, and takes the place of earlier ones', async () => {
    const options = npmThat('works', 'test -f package-lock.json && mkdir node_modules');
    mkdirSync(path.join(options.home, '0123456789ab'), { recursive: true });
    const first = await installPackages(context, options);
    expect(readdirSync(first).sort()).toEqual(
      expect.arrayContaining(['node_modules', 'package-lock.json', 'package.json']),
    );
    const broken = npmThat('works', 'exit 1');
    expect(await installPackages(context, broken)).toBe(first);
    expect(readdirSync(options.home)).toEqual([path.basename(first)]);
  });

  test('leaves nothing behind when npm fails, and says why in one paragraph', async () => {
    const options = npmThat('fails', 'echo "npm error code ENOTFOUND" >&2; exit 1');
    await expect(installPackages(context, options)).rejects.toThrow(
      /^the packages of cdktn cannot be installed: npm ci failed \(code ENOTFOUND\)\. .+ run npm run check:cdktn again$/,
    );
    expect(readdirSync(options.home)).toEqual([]);
  });

  test('needs npm', async () => {
    const environment = { PATH: path.join(home, 'nowhere') };
    await expect(installPackages(context, { home: path.join(home, 'none'), environment })).rejects.toThrow(
      'npm is not on the PATH',
    );
  });

  test('stops as asked', async () => {
    const stop = new AbortController();
    const options = npmThat('slow', 'exec sleep 30');
    const installing = installPackages({ ...context, signal: stop.signal }, options);
    setTimeout(() => stop.abort(), 100);
    await expect(installing).rejects.toThrow('stopped as asked: nothing was installed');
    expect(readdirSync(options.home)).toEqual([]);
  });

  test('the words of npm are cut to what tells a person something', () => {
    const stderr = [
      'npm warn Unknown user config',
      'npm error code ECONNREFUSED',
      'npm error syscall connect',
      'npm error errno ECONNREFUSED',
      'npm error FetchError: request to http://127.0.0.1:9/cdktn failed',
      'npm error A complete log of this run can be found in: somewhere',
    ].join('\n');
    expect(installFault({ exitCode: 1, stdout: '', stderr })).toContain(
      '(code ECONNREFUSED, FetchError: request to http://127.0.0.1:9/cdktn failed)',
    );
    expect(installFault({ exitCode: 7, stdout: '', stderr: '' })).toContain('(it ended with 7)');
  });
});
