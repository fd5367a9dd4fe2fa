import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadEnvironments } from '../../config/environment/environment';
import { exportHcl } from '../../scripts/hcl/export';
import { withSynthesis } from '../../scripts/infra/synth';
import { runTerraform } from '../../scripts/infra/terraform';
import { terraformDocument } from '../../scripts/infra/terraform-answers';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { makeByHand } from '../../scripts/local/terraform/hand-made';
import { testEnvironment } from '../support/environment';
import { azureSuite, elasticAzureSuite } from '../support/lanes';
import type { SharedProvider } from '../support/shared-provider';
import { startSharedProvider } from '../support/shared-provider';
import { scratchDirectory } from '../support/scratch';
import { ELASTIC_ENVIRONMENTS } from '../support/synth';

azureSuite('the stacks in the native syntax', () => {
  const home = scratchDirectory();
  const hcl = path.join(home, 'hcl');
  const work = path.join(home, 'work');
  const names = readdirSync('config/environments').map((file) => path.parse(file).name);
  if (existsSync('config/bootstrap.yaml')) names.push('bootstrap');
  const json = new Map<string, string>();
  let azure: AzureStandIn;
  let provider: SharedProvider;

  beforeAll(async () => {
    azure = await startAzureStandIn({ newClusters: 'accepted' });
    // The stack of dev adopts it, and a plan looks it up.
    await makeByHand(azure, sample(), 'Rehearsal-only-7');
    provider = await startSharedProvider(azure.terraformEnvironment(testEnvironment()));
    await withSynthesis({}, async (directory) => {
      for (const name of readdirSync(path.join(directory, 'stacks'))) {
        json.set(name, readFileSync(path.join(directory, 'stacks', name, 'cdk.tf.json'), 'utf8'));
      }
    });
    await exportHcl({ signal: new AbortController().signal }, { directory: hcl });

    mkdirSync(work);
    // The state is none of this test's business, and stays here.
    writeFileSync(
      path.join(work, 'state_override.tf.json'),
      JSON.stringify({ terraform: { backend: { local: {} } } }),
    );
    writeFileSync(path.join(work, 'cdk.tf.json'), json.get('dev')!);
    await terraform('init', '-no-color');
  }, 120_000);
  afterAll(async () => {
    await provider.end();
    await azure.close();
  });

  async function terraform(...args: string[]): Promise<string> {
    const passwords = [...json.values()].flatMap((text) =>
      Object.entries((JSON.parse(text) as { variable?: object }).variable ?? {})
        .filter(([, settings]) => !Object.hasOwn(settings as object, 'default'))
        .map(([name]) => [`TF_VAR_${name}`, 'Rehearsal-only-7']),
    );
    const { exitCode, stdout, stderr } = await runTerraform(args, {
      cwd: work,
      environment: {
        ...azure.terraformEnvironment(testEnvironment()),
        ...provider.variables,
        ...(Object.fromEntries(passwords) as Record<string, string>),
      },
    });
    if (exitCode !== 0) throw new Error(stdout + stderr);
    return stdout;
  }

  /** The plan of one file, alone in the directory. */
  async function planOf(file: string, text: string): Promise<Record<string, unknown>> {
    for (const other of ['cdk.tf.json', 'main.tf']) rmSync(path.join(work, other), { force: true });
    writeFileSync(path.join(work, file), text);
    expect(terraformDocument(await terraform('validate', '-json'))).toMatchObject({
      valid: true,
      diagnostics: [],
    });
    await terraform('plan', '-no-color', '-out=plan');
    return terraformDocument(await terraform('show', '-json', 'plan')) as Record<string, unknown>;
  }

  test('are every stack that is synthesized', () => {
    expect([...json.keys()].sort()).toEqual(names.sort());
    expect(readdirSync(hcl).sort()).toEqual(names);
  });

  test.each(names)(
    '%s: valid without warnings, formatted, and the same plan as its JSON',
    async (name) => {
      const native = readFileSync(path.join(hcl, name, 'main.tf'), 'utf8');
      const expected = await planOf('cdk.tf.json', json.get(name)!);
      const planned = await planOf('main.tf', native);
      expect(await terraform('fmt', '-check', 'main.tf')).toBe('');
      expect(expected['resource_changes']).not.toHaveLength(0);
      for (const part of ['planned_values', 'resource_changes', 'output_changes', 'variables', 'checks']) {
        expect([part, planned[part]]).toEqual([part, expected[part]]);
      }
      expect(withoutTemplateTexts(planned['configuration'])).toEqual(
        withoutTemplateTexts(expected['configuration']),
      );
    },
    120_000,
  );
});

/** Of JSON, Terraform shows a template's text as a constant, beside the references that it shows of both. */
function withoutTemplateTexts(configuration: unknown): unknown {
  return JSON.parse(JSON.stringify(configuration), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('references' in value)) return value;
    return { ...value, constant_value: undefined };
  });
}

/** The environment whose cluster the stack of dev adopts. */
function sample() {
  const dev = loadEnvironments().find(({ name }) => name === 'dev');
  if (dev?.service !== 'cosmosdb-postgresql') throw new Error('config/environments holds no dev.yaml');
  return dev;
}

elasticAzureSuite('stacks of both services in the native syntax', () => {
  const home = scratchDirectory();

  test('each is written by the schema of its own plugin', async () => {
    const config = path.join(home, 'config');
    cpSync('config/workloads', path.join(config, 'workloads'), { recursive: true });
    cpSync('config/environments/prod.yaml', path.join(config, 'environments', 'prod.yaml'));
    cpSync(path.join(ELASTIC_ENVIRONMENTS, 'dev.yaml'), path.join(config, 'environments', 'dev.yaml'));
    const { document } = await exportHcl(
      { signal: new AbortController().signal },
      {
        directory: path.join(home, 'hcl'),
        environment: testEnvironment({ SCALEOUT_CONFIG_DIR: config }),
      },
    );
    const [dev = '', prod = ''] = document.files.map((file) => readFileSync(file, 'utf8'));
    expect(dev).toMatch(/cluster \{\s+default_database_name = "\w+"\s+size\s+= 1/);
    expect(prod).toContain('azurerm_cosmosdb_postgresql_cluster');
  }, 120_000);
});
