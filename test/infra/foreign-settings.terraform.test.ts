import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { readProviderSchemas } from '../../scripts/hcl/provider-schemas';
import { guard } from '../../scripts/infra/guard';
import { readOutputs } from '../../scripts/infra/outputs';
import { runProcess, runTerraform } from '../../scripts/infra/terraform';
import { deploy } from '../../scripts/infra/deploy';
import { testEnvironment } from '../support/environment';
import { azureSuite, laneSuite } from '../support/lanes';
import { scratchDirectory } from '../support/scratch';
import { PLUGIN_CACHE } from '../support/terraform-plugins';
import { ENVIRONMENT, Rehearsal } from './rehearsal';

const ROOT = resolve(__dirname, '../..');
const scratch = scratchDirectory();
const written = (name: string, text: string, mode = 0o644): string => {
  const file = join(scratch, name);
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};
/** Too long for the sockets of plugins, and with blanks in it. */
const LONG_TMPDIR = join(scratch, 'temporary files of somebody', 'x'.repeat(80));
mkdirSync(LONG_TMPDIR, { recursive: true });

const azurerm = 'hashicorp/azurerm';

/** A Terraform as CI and version managers put one in its place: it says what it does, on stdout. */
const WRAPPER = written(
  'wrapper.sh',
  '#!/bin/sh\necho "[command]terraform $*"\nterraform "$@"\nstatus=$?\necho "::debug::{it ended with $status}"\nexit $status\n',
  0o755,
);

/** What a person's environment may hold, none of which is about the work at hand. */
const SETTINGS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a configuration file that is not there', { TF_CLI_CONFIG_FILE: '/nowhere/terraformrc' }],
  ['a configuration file that is none', { TF_CLI_CONFIG_FILE: written('broken', 'this = {is no') }],
  [
    'a provider that somebody develops',
    {
      TF_CLI_CONFIG_FILE: written(
        'overrides',
        `provider_installation {\n  dev_overrides { "example/other" = "${scratch}" }\n  direct {}\n}\n`,
      ),
    },
  ],
  ['a plugin cache that is not there', { TF_PLUGIN_CACHE_DIR: '/nowhere/plugins' }],
  ['a log', { TF_LOG: 'trace' }],
  ['a log as JSON', { TF_LOG: 'json' }],
  ['a log of no level', { TF_LOG: 'much' }],
  ['a log that cannot be written', { TF_LOG: 'info', TF_LOG_PATH: '/nowhere/log' }],
  ['arguments for every command', { TF_CLI_ARGS: '-no-color' }],
  ['arguments that few commands know', { TF_CLI_ARGS: '-parallelism=2' }],
  [
    'arguments of commands that answer',
    { TF_CLI_ARGS_output: '-raw', TF_CLI_ARGS_show: '-x', TF_CLI_ARGS_version: '-x' },
  ],
  ['a plan that says by its status what it found', { TF_CLI_ARGS_plan: '-detailed-exitcode' }],
  ['no automation', { TF_IN_AUTOMATION: '', TF_INPUT: '1' }],
  ['a wrapper', { TERRAFORM_BINARY_NAME: WRAPPER }],
  ['a locale', { LC_ALL: 'tr_TR.UTF-8', LANG: 'de_DE.UTF-8' }],
];

laneSuite('terraform', 'the outputs of an environment, whatever else is set', () => {
  let project: string;
  let stack: string;
  beforeAll(async () => {
    project = mkdtempSync(join(scratch, 'project-'));
    stack = join(project, 'cdktf.out', 'stacks', 'dev');
    mkdirSync(stack, { recursive: true });
    const values = { coordinator_fqdn: 'c.example.com', port: 5432, database: 'citus', login: 'citus' };
    const more = { stage: 'single-node', node_count: 0, cluster_name: 'a "name" {with} braces' };
    const output = Object.entries({ ...values, ...more }).map(([name, value]) => [name, { value }]);
    const backend = { local: { path: 'terraform.tfstate' } };
    writeFileSync(
      join(stack, 'cdk.tf.json'),
      JSON.stringify({ terraform: { backend }, output: Object.fromEntries(output) as object }),
    );
    for (const args of [['init'], ['apply', '-auto-approve']]) {
      const environment = testEnvironment();
      expect(await runTerraform([`-chdir=${stack}`, ...args], { environment })).toMatchObject({
        exitCode: 0,
      });
    }
  });

  it.each(SETTINGS)('are read with %s', async (_, settings) => {
    expect(await readOutputs('dev', { project, environment: testEnvironment(settings) })).toEqual({
      coordinatorFqdn: 'c.example.com',
      port: 5432,
      database: 'citus',
      login: 'citus',
      stage: 'single-node',
      nodeCount: 0,
      clusterName: 'a "name" {with} braces',
    });
  });

  it.each(SETTINGS.filter(([what]) => what !== 'a wrapper'))(
    'that cannot be read are explained by the error alone, with %s',
    async (_, settings) => {
      const damaged = mkdtempSync(join(scratch, 'damaged-'));
      const at = join(damaged, 'cdktf.out', 'stacks', 'dev');
      mkdirSync(at, { recursive: true });
      writeFileSync(join(at, 'cdk.tf.json'), JSON.stringify({ output: { a: { value: 1 } } }));
      writeFileSync(join(at, 'terraform.tfstate'), '{"version": 99}');
      const read = readOutputs('dev', { project: damaged, environment: testEnvironment(settings) });
      await expect(read).rejects.toThrow(
        /^the outputs of "dev" cannot be read from its state: Error: [^\n]*?version 99[^\n]*$/,
      );
      await expect(read).rejects.not.toThrow(/CLI configuration|\[(?:INFO|DEBUG)\]|@level|log level/);
    },
  );

  it.each([
    [
      'TF_WORKSPACE',
      'other',
      /^the environment "dev" is not deployed yet: .*TF_WORKSPACE is "other" here: .*unset it/,
    ],
    [
      'TF_DATA_DIR',
      '/nowhere/data',
      /^Terraform is not initialised .*TF_DATA_DIR is "\/nowhere\/data" here: .*unset it/,
    ],
  ])('that are not found where %s points are said to be missing there', async (name, value, message) => {
    const environment = testEnvironment({ [name]: value });
    await expect(readOutputs('dev', { project, environment })).rejects.toThrow(message);
  });
});

laneSuite('terraform', 'the schemas of providers', () => {
  it('are those of the plugin, and nothing is left where somebody’s own choices point', async () => {
    const data = join(scratch, 'data');
    const environment = testEnvironment({
      TF_CLI_CONFIG_FILE: '/nowhere/terraformrc',
      TF_LOG: 'info',
      TF_DATA_DIR: data,
      TF_WORKSPACE: 'other',
      TF_CLI_ARGS_init: '-backend-config=nowhere',
    });
    const required = { azurerm: { source: azurerm, version: '4.55.0' } };
    const schemas = await readProviderSchemas(required, { environment });
    expect(Object.keys(schemas.provider_schemas ?? {})).toEqual([`registry.terraform.io/${azurerm}`]);
    expect(() => rmSync(data, { recursive: true })).toThrow(/ENOENT/);
  }, 120_000);
});

azureSuite('the guards, whatever else is set', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
  }, 60_000);
  afterAll(() => rehearsal.end());

  it('judge the plan, with a warning, a log, a status and a wrapper around it', async () => {
    const environment = {
      ...rehearsal.environment,
      ...(Object.assign(
        {},
        ...SETTINGS.filter(([what]) => what !== 'a log as JSON').map(([, settings]) => settings),
      ) as object),
      TF_CLI_CONFIG_FILE: '/nowhere/terraformrc',
      TF_LOG: 'error',
      TMPDIR: LONG_TMPDIR,
    };
    const { document, outcome } = await guard(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      ...rehearsal.options,
      environment,
    });
    expect(outcome).not.toBe('refused');
    expect(document.changes.length).toBeGreaterThan(1);
  }, 120_000);
});

azureSuite('cdktf, whatever else is set', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
  }, 60_000);
  afterAll(() => rehearsal.end());

  const cdktf = (args: readonly string[], variables: Readonly<Record<string, string | undefined>>) => {
    const flags = ['--skip-provider-lock', '--output', join(rehearsal.home, 'cdktf.out')];
    return runProcess(process.execPath, [join(ROOT, 'scripts', 'cdktf.js'), ...args, ENVIRONMENT, ...flags], {
      cwd: ROOT,
      environment: { ...rehearsal.environment, CI: 'true', ...variables },
    });
  };

  it('plans in a home that cannot be written', async () => {
    const mirror = `provider_installation {\n  filesystem_mirror { path = "${PLUGIN_CACHE}" }\n}\n`;
    const { exitCode, stdout, stderr } = await cdktf(['diff'], {
      HOME: '/dev/null/home',
      TMPDIR: LONG_TMPDIR,
      CDKTF_DISABLE_PLUGIN_CACHE_ENV: undefined,
      TF_CLI_CONFIG_FILE: written('mirror', mirror),
    });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stripVTControlCharacters(stdout)).toMatch(/Plan: \d+ to add, \d+ to change, 0 to destroy/);
  }, 120_000);

  it('deploys without the configuration file that is named, and a deploy after it has nothing to do', async () => {
    const variables = {
      TF_CLI_CONFIG_FILE: '/nowhere/terraformrc',
      TF_PLUGIN_CACHE_DIR: '/dev/null/plugins',
    };
    const { exitCode, stdout } = await cdktf(['deploy', '--auto-approve'], variables);
    expect(stdout).toContain('Apply complete!');
    expect(exitCode).toBe(0);
    const environment = { ...rehearsal.environment, ...variables };
    const again = await deploy(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      ...rehearsal.options,
      environment,
    });
    expect(again).toMatchObject({ outcome: 'done', document: { changes: [] } });
  }, 180_000);
});
