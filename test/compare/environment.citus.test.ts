import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConnectionTarget } from '../../scripts/lib/connection';
import { runTerraform } from '../../scripts/infra/terraform';
import type * as project from '../../scripts/infra/project';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import type { Answer } from '../support/command-line';
import { scaleout } from '../support/command-line';
import { testEnvironment } from '../support/environment';
import { laneStatus } from '../support/lanes';
import { createSensors, query } from '../tables/support/sensors';

jest.setTimeout(120_000);

/** Where the stacks of this file are, in place of those of the project. */
const directory = mkdtempSync(path.join(tmpdir(), 'scaleout-compare-env-'));
jest.mock('../../scripts/infra/project', (): typeof project => ({
  ...jest.requireActual<typeof project>('../../scripts/infra/project'),
  get PROJECT_DIRECTORY() {
    return directory;
  },
}));

const suite = laneStatus('terraform').runs ? platformSuite : skipped;

suite('compare with a deployed environment', () => {
  let [deployed, copy]: (TestDatabase | undefined)[] = [];
  const stack = path.join(directory, 'cdktf.out', 'stacks', 'dev');
  const target = (): ConnectionTarget => {
    if (deployed === undefined) throw new Error('there is no database');
    return deployed.target;
  };
  const other = (): ConnectionTarget => {
    if (copy === undefined) throw new Error('there is no database');
    return copy.target;
  };

  const compare = (...more: readonly string[]): Promise<Answer> => {
    const { user, host, port, database, password } = other();
    const to = `postgresql://${user}@${host}:${String(port)}/${database}`;
    return scaleout(
      ['compare', '--from', 'env:dev', '--to', to, ...more],
      testEnvironment({ PGPASSWORD: password, PGSSLMODE: 'disable' }),
    );
  };

  beforeAll(async () => {
    deployed = await freshCitusDatabase({ workers: 0 });
    copy = await freshCitusDatabase({ workers: 0 });
    for (const each of [target(), other()]) {
      // Two runs of the same statements differ by the time at which they ran.
      await createSensors(each, 500);
      await query(each, "UPDATE events SET created_at = timestamp '2025-01-01' + event_id * interval '1 s'");
    }
    mkdirSync(stack, { recursive: true });
  });
  afterAll(async () => {
    await deployed?.drop();
    await copy?.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('takes its address from the outputs of Terraform, and its queries from the workload', async () => {
    expect(await compare()).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/the environment "dev" was not synthesized here/) as string,
    });

    const { host, port, database, user } = target();
    const outputs = {
      ...{ coordinator_fqdn: host, port, database, login: user },
      ...{ stage: 'single-node', node_count: 0, cluster_name: 'sensors' },
    };
    const output = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, { value }]));
    const backend = { local: { path: 'terraform.tfstate' } };
    writeFileSync(path.join(stack, 'cdk.tf.json'), JSON.stringify({ terraform: { backend }, output }));
    for (const args of [['init'], ['apply', '-auto-approve']]) {
      const ran = await runTerraform([`-chdir=${stack}`, ...args], { environment: testEnvironment() });
      expect(ran).toMatchObject({ exitCode: 0 });
    }

    const equal = await compare('--json');
    expect(equal).toMatchObject({ status: 0 });
    expect(JSON.parse(equal.stdout)).toMatchObject({
      equal: true,
      from: { database: `${user}@${host}:${String(port)}/${database}` },
    });
    await query(other(), 'UPDATE devices SET name = name || 1 WHERE device_id = 7');
    const different = await compare();
    expect(different).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/devices/) as string,
    });
  });
});

function skipped(title: string, tests: () => void): void {
  describe.skip(`[citus] ${title} (needs Terraform)`, tests);
}
