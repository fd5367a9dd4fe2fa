import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { terraformMessages } from '../../scripts/infra/terraform-answers';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';
import type { SharedProvider } from '../support/shared-provider';
import { startSharedProvider } from '../support/shared-provider';
import type { Synthesized } from '../support/synth';
import {
  addresses,
  environment,
  synthesizeBootstrap,
  synthesizeEnvironment,
  synthesizeSettings,
} from '../support/synth';
import { TerraformDirectory } from '../support/terraform';
import { everything, replica } from './settings';

const STAGES = ['single-node', 'scaled-out'] as const;

/** Every stack of this project, and those with everything that a file can say, at either stage. */
const STACKS = [
  ['bootstrap', () => synthesizeBootstrap()],
  ...STAGES.flatMap(
    (stage) =>
      [
        [`dev, ${stage}`, () => synthesizeEnvironment('dev', stage)],
        [`prod, ${stage}`, () => synthesizeEnvironment('prod', stage)],
        [`everything, ${stage}`, () => synthesizeSettings(everything, stage)],
        [`a replica, ${stage}`, () => synthesizeSettings(replica, stage)],
      ] as const,
  ),
] as const satisfies readonly (readonly [string, () => Synthesized])[];

laneSuite('terraform', 'CosmosClusterStack, as the azurerm provider reads it', () => {
  let terraform: TerraformDirectory;
  let provider: SharedProvider;
  beforeAll(async () => {
    provider = await startSharedProvider(testEnvironment());
    terraform = new TerraformDirectory();
    terraform.put(synthesizeEnvironment('dev'));
    const init = terraform.run(['init', '-backend=false', '-input=false', '-no-color']);
    if (init.status !== 0) throw new Error(init.output);
  }, 120_000);
  afterAll(async () => {
    terraform.remove();
    await provider.end();
  });

  const validate = (stack: { readonly text: string }): unknown =>
    terraform.validate(stack, provider.variables);
  const clean = { valid: true, error_count: 0, warning_count: 0, diagnostics: [] };

  test.each(STACKS)(
    '%s: valid and without warnings',
    (_name, synthesized) => {
      expect(validate(synthesized())).toMatchObject(clean);
    },
    60_000,
  );

  test('a burstable node on its own, with local state: valid', () => {
    const dev = environment('dev');
    const burstable = { vCores: 1, storageGiB: 32, burstable: true };
    const settings = {
      ...dev,
      state: { backend: 'local' as const },
      cluster: { ...dev.cluster, coordinator: burstable, workers: undefined },
    };
    expect(validate(synthesizeSettings(settings))).toMatchObject(clean);
  }, 60_000);

  test('the provider really judges: one worker is an error', () => {
    const { text } = synthesizeEnvironment('dev');
    expect(validate({ text: text.replace('"node_count": 0', '"node_count": 1') })).toMatchObject({
      valid: false,
    });
  }, 60_000);
});

laneSuite('terraform', 'every stack, planned by the provider against a stand-in for Azure', () => {
  let azure: AzureStandIn;
  let provider: SharedProvider | undefined;
  let terraform: TerraformDirectory;
  beforeAll(async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted' });
    terraform = new TerraformDirectory();
    terraform.put(withLocalState(synthesizeEnvironment('prod')));
    const init = await terraform.start(['init', '-input=false', '-no-color'], environmentOf());
    if (init.status !== 0) throw new Error(init.output);
    provider = await startSharedProvider(environmentOf());
  }, 120_000);
  afterAll(async () => {
    terraform.remove();
    await provider?.end();
    await azure.close();
  });

  const environmentOf = (): ReturnType<AzureStandIn['terraformEnvironment']> =>
    azure.terraformEnvironment(
      testEnvironment({
        TF_VAR_admin_password: PASSWORD,
        TF_VAR_role_app_password: PASSWORD,
        TF_VAR_role_reports_password: PASSWORD,
        ...provider?.variables,
      }),
    );

  test.each(STACKS)(
    '%s: plans to create all of it, and warns of nothing',
    async (_name, synthesized) => {
      const stack = synthesized();
      terraform.put(withLocalState(stack));
      const plan = await terraform.start(['plan', '-input=false', '-no-color', '-json'], environmentOf());
      const said = terraformMessages(plan.stdout) as readonly PlanLine[];
      expect(said.filter((line) => line['@level'] !== 'info').map((line) => line['@message'])).toEqual([]);
      expect(plan.status).toBe(0);
      expect(said.find((line) => line.changes !== undefined)?.changes).toMatchObject({
        add: addresses(stack).length,
        change: 0,
        remove: 0,
      });
    },
    120_000,
  );
});

interface PlanLine {
  readonly '@level': string;
  readonly '@message': string;
  readonly changes?: { readonly add: number };
}

const PASSWORD = 'Rehearsal-only-7';

/** The stack with its state in the directory: the account of the real one is not there. */
function withLocalState({ json }: Synthesized): { readonly text: string } {
  return { text: JSON.stringify({ ...json, terraform: { ...json.terraform, backend: { local: {} } } }) };
}
