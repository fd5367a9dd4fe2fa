import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';

type Resources = Record<string, Record<string, Record<string, unknown>>>;

laneSuite('synth', 'the peer of the synth benchmark', () => {
  const scratch = scratchDirectory();

  /** Each stack's resources, by type, with the names of their arguments: what is written, not what it is called. */
  const shapes = (app: string): Record<string, string[]> => {
    const outdir = path.join(scratch, path.basename(app, '.ts'));
    const command = ['-r', 'ts-node/register', app];
    const { status, stderr } = spawnSync(process.execPath, command, {
      encoding: 'utf8',
      env: testEnvironment({ CDKTF_OUTDIR: outdir }),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const home = path.join(outdir, 'stacks');
    return Object.fromEntries(
      readdirSync(home).map((name) => {
        const text = readFileSync(path.join(home, name, 'cdk.tf.json'), 'utf8');
        const { resource, output, data } = JSON.parse(text) as {
          resource: Resources;
          output?: Record<string, unknown>;
          data?: Resources;
        };
        const of = (section: Resources): string[] =>
          Object.entries(section).flatMap(([type, named]) =>
            Object.values(named).map((body) => `${type}: ${Object.keys(body).sort().join(' ')}`),
          );
        return [name, [...of(resource), ...of(data ?? {}), ...Object.keys(output ?? {})].sort()];
      }),
    );
  };

  test('makes the same stacks of the same resources with the same arguments', () => {
    const ours = shapes('stacks/main.ts');
    expect(Object.keys(ours)).toEqual(['bootstrap', 'dev', 'prod']);
    expect(shapes('test/support/bare-app.ts')).toEqual(ours);
  }, 60_000);
});
