import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseOutputs, readOutputs } from '../../scripts/infra/outputs';
import { paragraph } from '../../scripts/infra/terraform';
import { testEnvironment } from '../support/environment';

const printed = {
  coordinator_fqdn: { sensitive: false, type: 'string', value: 'c-sensors.abc.postgres.cosmos.azure.com' },
  port: { value: 5432 },
  database: { value: 'citus' },
  login: { value: 'citus' },
  stage: { value: 'scaled-out' },
  node_count: { value: 2 },
  cluster_name: { value: 'sensors' },
  more: { value: ['x'] },
};

describe('parseOutputs', () => {
  it('reads what the stack says of itself', () => {
    expect(parseOutputs(JSON.stringify(printed), 'dev')).toEqual({
      coordinatorFqdn: 'c-sensors.abc.postgres.cosmos.azure.com',
      port: 5432,
      database: 'citus',
      login: 'citus',
      stage: 'scaled-out',
      nodeCount: 2,
      clusterName: 'sensors',
    });
  });

  it('reads numbers that Terraform kept as text', () => {
    const text = JSON.stringify({ ...printed, port: { value: '5432' }, node_count: { value: '0' } });
    expect(parseOutputs(text, 'dev')).toMatchObject({ port: 5432, nodeCount: 0 });
  });

  it.each([
    ['{}', /"dev" is not deployed yet: .*npx cdktf deploy dev/],
    [
      JSON.stringify({ ...printed, port: { value: 'x' }, login: undefined }),
      /\(missing or of another kind: port, login\)/,
    ],
    [JSON.stringify({ ...printed, coordinator_fqdn: { value: '' } }), /coordinator_fqdn/],
    ['[1]', /outputs of dev are not those of this version/],
    ['Warning', /printed something that is not JSON/],
  ])('fails on %s', (text, message) => {
    expect(() => parseOutputs(text, 'dev')).toThrow(message);
  });
});

describe('readOutputs', () => {
  let project: string;
  beforeEach(() => {
    project = mkdtempSync(path.join(tmpdir(), 'scaleout-outputs-test-'));
  });
  afterEach(() => rmSync(project, { recursive: true, force: true }));

  it('says when nothing was synthesized', async () => {
    await expect(readOutputs('dev', { project })).rejects.toThrow(
      /cdktf\.out\/stacks\/dev does not exist: .*npx cdktf synth, then terraform -chdir=cdktf\.out\/stacks\/dev init/,
    );
  });

  it.each(['../dev', 'dev/..', ''])('takes "%s" for no name', async (name) => {
    await expect(readOutputs(name, { project })).rejects.toThrow(/is no name of an environment/);
  });

  it('says when Terraform is missing', async () => {
    mkdirSync(path.join(project, 'cdktf.out', 'stacks', 'dev'), { recursive: true });
    writeFileSync(path.join(project, 'cdktf.out', 'stacks', 'dev', 'cdk.tf.json'), '{}');
    const environment = testEnvironment({ TERRAFORM_BINARY_NAME: 'no-such-terraform' });
    await expect(readOutputs('dev', { project, environment })).rejects.toThrow(
      /^no-such-terraform is not installed, or not on the PATH: .*\.terraform-version/,
    );
  });
});

it('paragraph takes the drawing out of what Terraform writes', () => {
  expect(paragraph('\u001b[31m╷\u001b[0m\n│ Error: x\n│ \n│   y\n╵\n')).toBe('Error: x y');
});
