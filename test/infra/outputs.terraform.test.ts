import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readOutputs } from '../../scripts/infra/outputs';
import { runTerraform } from '../../scripts/infra/terraform';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';

const OUTPUTS = {
  coordinator_fqdn: 'c-sensors.abc.postgres.cosmos.azure.com',
  port: 5432,
  database: 'citus',
  login: 'citus',
  stage: 'single-node',
  node_count: 0,
  cluster_name: 'sensors',
};

laneSuite('terraform', 'the outputs of an environment', () => {
  let project: string;
  let stack: string;
  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'scaleout-outputs-test-'));
    stack = path.join(project, 'cdktf.out', 'stacks', 'dev');
    mkdirSync(stack, { recursive: true });
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  /** A stack of outputs alone: state and Terraform are real, no provider is needed. */
  function write(backend: object): void {
    const output = Object.fromEntries(Object.entries(OUTPUTS).map(([name, value]) => [name, { value }]));
    writeFileSync(path.join(stack, 'cdk.tf.json'), JSON.stringify({ terraform: { backend }, output }));
  }

  async function terraform(...args: string[]): Promise<void> {
    const result = await runTerraform([`-chdir=${stack}`, ...args], { environment: testEnvironment() });
    expect(result).toMatchObject({ exitCode: 0 });
  }

  it('are read from its state, once it is initialised and deployed', async () => {
    write({ local: { path: 'terraform.tfstate' } });
    await expect(readOutputs('dev', { project })).rejects.toThrow(
      /^Terraform is not initialised in cdktf\.out\/stacks\/dev, .*terraform -chdir=cdktf\.out\/stacks\/dev init$/,
    );
    await terraform('init');
    await expect(readOutputs('dev', { project })).rejects.toThrow(/"dev" is not deployed yet/);
    await terraform('apply', '-auto-approve');
    expect(await readOutputs('dev', { project })).toEqual({
      coordinatorFqdn: OUTPUTS.coordinator_fqdn,
      port: 5432,
      database: 'citus',
      login: 'citus',
      stage: 'single-node',
      nodeCount: 0,
      clusterName: 'sensors',
    });
  });

  it('cannot be read from state that is damaged, and Terraform says why', async () => {
    write({ local: { path: 'terraform.tfstate' } });
    await terraform('init');
    writeFileSync(path.join(stack, 'terraform.tfstate'), '{"version": 99}');
    await expect(readOutputs('dev', { project })).rejects.toThrow(
      /^the outputs of "dev" cannot be read from its state: Error: [^\n]+$/,
    );
  });
});
