import { laneSuite } from '../support/lanes';
import { environment, synthesizeEnvironment, synthesizeSettings } from '../support/synth';
import { TerraformDirectory } from '../support/terraform';

laneSuite('terraform', 'EnvironmentStack, as the azurerm provider reads it', () => {
  let terraform: TerraformDirectory;
  beforeAll(() => {
    terraform = new TerraformDirectory();
    terraform.put(synthesizeEnvironment('dev'));
    const init = terraform.run(['init', '-backend=false', '-input=false', '-no-color']);
    if (init.status !== 0) throw new Error(init.output);
  }, 120_000);
  afterAll(() => terraform.remove());

  const validate = (stack: { readonly text: string }): unknown => {
    terraform.put(stack);
    return JSON.parse(terraform.run(['validate', '-json']).output);
  };
  const clean = { valid: true, error_count: 0, warning_count: 0, diagnostics: [] };

  test.each([
    ['dev', 'single-node'],
    ['dev', 'scaled-out'],
    ['prod', 'single-node'],
    ['prod', 'scaled-out'],
  ] as const)(
    '%s, %s: valid and without warnings',
    (name, stage) => {
      expect(validate(synthesizeEnvironment(name, stage))).toMatchObject(clean);
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
