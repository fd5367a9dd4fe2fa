import { loadEnvironments } from '../../config/environment/environment';
import { STAGES } from '../../config/environment/environment-schema';
import { checkCdktn } from '../../scripts/cdktn/check';
import { installedPackages, pinnedVersion } from '../../scripts/cdktn/install';
import type { Reporter } from '../../scripts/lib/reporter';
import { laneSuite } from '../support/lanes';

// Installing 270 MB is for who asks for it.
const suite: typeof laneSuite =
  installedPackages() === undefined
    ? (lane, title, tests) => {
        describe.skip(`[${lane}] ${title} (npm run check:cdktn has not installed its packages here)`, tests);
      }
    : laneSuite;

suite('synth', 'the stacks with cdktn in place of cdktf', () => {
  test('are all there, really made by cdktn, and the same but for versions', async () => {
    const reporter = {} as Reporter;
    const { document, outcome } = await checkCdktn({ reporter, signal: new AbortController().signal });
    const environments = STAGES.flatMap((stage) =>
      loadEnvironments().map(({ name }) => `${stage}/stacks/${name}/cdk.tf.json`),
    );
    expect(document.files).toEqual(expect.arrayContaining(environments));
    expect(document.differences.filter(({ allowed }) => allowed === undefined)).toEqual([]);
    const versions = document.differences.filter(({ pointer }) => pointer === '/~1~1/metadata/version');
    expect(versions.map(({ file, after }) => [file, after])).toEqual(
      document.files
        .filter((file) => file.endsWith('/cdk.tf.json'))
        .map((file) => [file, pinnedVersion('cdktn')]),
    );
    expect(outcome).toBe('done');
  }, 60_000);
});
