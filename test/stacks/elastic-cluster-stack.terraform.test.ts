import type { ElasticEnvironment } from '../../config/environment/environment';
import { guardPlan } from '../../scripts/infra/guards/judge';
import { parsePlan } from '../../scripts/infra/guards/plan-json';
import { plannedChanges } from '../../scripts/infra/guards/words';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import { context } from '../infra/guards/builders';
import { testEnvironment } from '../support/environment';
import { elasticAzureSuite } from '../support/lanes';
import type { Synthesized } from '../support/synth';
import { elasticEnvironment, synthesizeSettings } from '../support/synth';
import { TerraformDirectory } from '../support/terraform';

const dev = elasticEnvironment('dev');
const PASSWORD = { TF_VAR_admin_password: 'Rehearsal-only-7' };

/** dev with three nodes and without Terraform's own gate, which would hide from the guards what a plan does. */
function devWith(
  cluster: Partial<ElasticEnvironment['cluster']> = {},
  more: Partial<ElasticEnvironment> = {},
): Synthesized {
  return synthesizeSettings({
    ...dev,
    ...more,
    state: { backend: 'local' },
    cluster: { ...dev.cluster, stage: 'scaled-out', protectFromDestroy: false, ...cluster },
  });
}

elasticAzureSuite('ElasticClusterStack, as the azurerm provider reads it', () => {
  let terraform: TerraformDirectory;
  let azure: AzureStandIn;
  let environment: Readonly<Record<string, string | undefined>>;

  async function run(...args: readonly string[]): Promise<string> {
    const { status, stdout, output } = await terraform.start([...args, '-no-color'], environment);
    if (status !== 0) throw new Error(output);
    return stdout;
  }

  beforeAll(async () => {
    azure = await startAzureStandIn({ operationMs: 10 });
    environment = { ...azure.terraformEnvironment(testEnvironment()), ...PASSWORD };
    terraform = new TerraformDirectory();
    terraform.put(local(devWith()));
    await run('init', '-input=false');
    await run('apply', '-auto-approve', '-input=false');
  }, 300_000);

  afterAll(async () => {
    terraform.remove();
    await azure.close();
  });

  /** What a plan for another configuration does, and what the guards say of it. */
  async function judged(stack: { readonly text: string }): Promise<{ does: string[]; says: string[] }> {
    terraform.put(local(stack));
    await run('plan', '-input=false', '-out=judged');
    const plan = parsePlan(await run('show', '-json', 'judged'));
    return {
      does: plannedChanges(plan, context).flatMap(({ action, words }) =>
        words.map((word) => `${action} ${word}`),
      ),
      says: guardPlan(plan, context).map(({ level, id, why }) => `${level} ${id}: ${why}`),
    };
  }

  test.each(['dev', 'prod'])(
    '%s is valid at both stages, without warnings',
    (name) => {
      for (const stage of ['single-node', 'scaled-out'] as const) {
        expect(terraform.validate(synthesizeSettings(elasticEnvironment(name), stage))).toMatchObject({
          valid: true,
          diagnostics: [],
        });
      }
    },
    120_000,
  );

  test('what was applied is what is planned, and grows in place', async () => {
    expect(await judged(devWith())).toEqual({ does: [], says: [] });
    const { does, says } = await judged(devWith({ nodes: { ...dev.cluster.nodes, count: 5 } }));
    expect(does).toEqual([expect.stringMatching(/^update nodes: 3 -> 5 \(nodes are added in place/)]);
    expect(says).toEqual([]);
  }, 300_000);

  test('a parameter that PostgreSQL reads when it starts is called out', async () => {
    const { says } = await judged(devWith({}, { parameters: { max_connections: '500' } }));
    expect(says).toEqual([expect.stringMatching(/^note restart:max_connections: /)]);
  }, 300_000);

  test.each<[string, () => { readonly text: string }, RegExp]>([
    [
      'fewer nodes',
      () => devWith({ nodes: { ...dev.cluster.nodes, count: 2 } }),
      /because nodes are only ever added, and 3 are to become 2$/,
    ],
    [
      'another database',
      () => devWith({ database: 'postgres' }),
      /because the database keeps the name it was created with, and citus is to become postgres$/,
    ],
    [
      'less storage',
      () => devWith({ nodes: { ...dev.cluster.nodes, storageGiB: 64 } }),
      /because storage only ever grows, and 128 GiB are to become 64 GiB$/,
    ],
    ['another login', () => devWith({ login: 'other' }), /because the login .* from wwi_admin to other$/],
    [
      'no block',
      () => withoutBlock(devWith()),
      /because the config says nothing of its nodes any more \(the cluster block is gone\)$/,
    ],
  ])(
    '%s: the guard refuses what Terraform would do',
    async (_title, stack, why) => {
      const { does, says } = await judged(stack());
      expect(does).toContainEqual(
        expect.stringMatching(
          /^replace cluster wwi-sensors-dev \(azurerm_postgresql_flexible_server\.\w+\): destroyed, and created anew$/,
        ),
      );
      expect(says).toEqual([expect.stringMatching(/^never replace-cluster:wwi-sensors-dev: /)]);
      expect(says[0]).toMatch(why);
    },
    300_000,
  );
});

/** A stack whose state lies beside it, and not where a deploy would put it. */
function local({ text }: { readonly text: string }): { readonly text: string } {
  const document = JSON.parse(text) as { terraform: Record<string, unknown> };
  document.terraform['backend'] = { local: {} };
  return { text: JSON.stringify(document) };
}

function withoutBlock({ text }: Synthesized): { readonly text: string } {
  const document = JSON.parse(text) as {
    resource: Record<string, Record<string, Record<string, unknown>>>;
    output: Record<string, unknown>;
  };
  delete document.resource['azurerm_postgresql_flexible_server']!['Cluster_EB0386A7']!['cluster'];
  delete document.output['node_count'];
  return { text: JSON.stringify(document) };
}
