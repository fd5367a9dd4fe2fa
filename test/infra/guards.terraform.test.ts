import { deploy } from '../../scripts/infra/deploy';
import { guard } from '../../scripts/infra/guard';

import type { StackJson } from './rehearsal';
import { at, CLUSTER, CLUSTER_ID, clusterOf, ENVIRONMENT, GROUP_ID, PASSWORD, Rehearsal } from './rehearsal';
import { azureSuite } from '../support/lanes';

/**
 * Every guard on a plan of the real Terraform and the real azurerm provider. One cluster is deployed, with three workers
 * and a role; each test plans something else for it, and none is applied.
 */
const SLOW = 180_000;
const ROLE = 'azurerm_cosmosdb_postgresql_role';
const RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
const ROLE_PASSWORD = 'Role-only-7';

azureSuite('guards on real plans', () => {
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
    const options = await rehearsal.synthesizeWith(deployed);
    const { outcome, document } = await deploy(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      ...options,
      environment: environment(),
    });
    expect({ outcome, pending: document.pending }).toEqual({ outcome: 'done', pending: [] });
  }, SLOW);
  afterAll(() => rehearsal.end());

  const environment = (): Record<string, string | undefined> => ({
    ...rehearsal.environment,
    TF_VAR_role_app_password: ROLE_PASSWORD,
  });

  /** What is in Azure: the config's cluster with three workers, and what hangs on it. */
  function deployed(stack: StackJson): void {
    Object.assign(clusterOf(stack), { node_count: 3 });
    at(stack, 'variable')['role_app_password'] = { type: 'string', sensitive: true };
    const cluster = Object.keys(at(stack, 'resource', CLUSTER))[0] ?? '';
    at(stack, 'resource')[ROLE] = {
      app: {
        name: 'app',
        cluster_id: `\${azurerm_cosmosdb_postgresql_cluster.${cluster}.id}`,
        password: '${var.role_app_password}',
        // The service takes one change of a cluster at a time.
        depends_on: Object.keys(at(stack, 'resource', RULE)).map((name) => `${RULE}.${name}`),
      },
    };
  }

  const judged = async (
    change: (stack: StackJson) => void,
    extra: { allow?: string[]; destroy?: boolean; environment?: Record<string, string | undefined> } = {},
  ) => {
    const since = rehearsal.azure.requests.length;
    const options = await rehearsal.synthesizeWith((stack) => {
      deployed(stack);
      change(stack);
    });
    const result = await guard(rehearsal.context, {
      name: ENVIRONMENT,
      allow: extra.allow ?? [],
      ...options,
      environment: extra.environment ?? environment(),
      ...(extra.destroy === undefined ? {} : { destroy: extra.destroy }),
    });
    expect(rehearsal.changesSent(since)).toEqual([]);
    const everything = JSON.stringify(result) + rehearsal.context.reporter.lines.join('\n');
    for (const secret of [PASSWORD, ROLE_PASSWORD, 'Another-one-8']) expect(everything).not.toContain(secret);
    return { ...result, ids: result.document.findings.map(({ level, id }) => `${level} ${id}`) };
  };
  const rule = (stack: StackJson): StackJson => Object.values(at(stack, 'resource', RULE))[0] as StackJson;
  const unprotected = (stack: StackJson): void => {
    at(clusterOf(stack), 'lifecycle')['prevent_destroy'] = false;
  };

  it(
    'has nothing to say where nothing is to be done',
    async () => {
      const { outcome, document } = await judged(() => undefined);
      expect({ outcome, changes: document.changes, findings: document.findings }).toEqual({
        outcome: 'done',
        changes: [],
        findings: [],
      });
    },
    SLOW,
  );

  it(
    'refuses for good what the service would refuse half-way',
    async () => {
      const { outcome, ids, text, document } = await judged(
        (stack) =>
          Object.assign(clusterOf(stack), {
            node_count: 2,
            coordinator_storage_quota_in_mb: 262_144,
            node_storage_quota_in_mb: 524_288,
            sql_version: '14',
            citus_version: '11.3',
            coordinator_server_edition: 'BurstableGeneralPurpose',
          }),
        { allow: ['fewer-workers:wwi-sensors-dev', 'postgres-downgrade:wwi-sensors-dev'] },
      );
      expect(outcome).toBe('refused');
      expect([...ids].sort()).toEqual([
        'never citus-downgrade:wwi-sensors-dev',
        'never fewer-workers:wwi-sensors-dev',
        'never less-coordinator-storage:wwi-sensors-dev',
        'never less-worker-storage:wwi-sensors-dev',
        'never postgres-downgrade:wwi-sensors-dev',
        'never regular-to-burstable:wwi-sensors-dev',
      ]);
      expect(text).toContain('put the config back to what the cluster has, 3 workers');
      expect(document).toMatchObject({ ok: false, allowed: [] });
      expect(document.findings[0]).toMatchObject({ constructPath: 'dev/Cluster/Resource' });
      expect(rehearsal.context.reporter.lines.join('\n')).toContain(
        'fewer-workers:wwi-sensors-dev cannot be allowed',
      );
    },
    SLOW,
  );

  it(
    'refuses the way back to one node, and not the size of workers that are gone',
    async () => {
      const { ids } = await judged((stack) => Object.assign(clusterOf(stack), { node_count: 0 }));
      expect(ids).toEqual(['never back-to-one-node:wwi-sensors-dev']);
    },
    SLOW,
  );

  it(
    'asks for a yes before an upgrade that a plan shows as any update, and takes it',
    async () => {
      const upgrade = (stack: StackJson): void => {
        Object.assign(clusterOf(stack), { sql_version: '16', node_public_ip_access_enabled: true });
      };
      const { outcome, ids, document, text } = await judged(upgrade);
      expect(document.changes).toMatchObject([{ action: 'update' }]);
      expect(outcome).toBe('refused');
      expect(ids).toEqual([
        'needs-yes postgres-upgrade:wwi-sensors-dev',
        'needs-yes open-workers:wwi-sensors-dev',
      ]);
      expect(text).toContain('--allow postgres-upgrade:wwi-sensors-dev --allow open-workers:wwi-sensors-dev');
      const half = await judged(upgrade, { allow: ['postgres-upgrade:wwi-sensors-dev'] });
      expect(half.outcome).toBe('refused');
      const yes = await judged(upgrade, {
        allow: ['postgres-upgrade:wwi-sensors-dev', 'open-workers:wwi-sensors-dev'],
      });
      expect(yes).toMatchObject({ outcome: 'changes', document: { ok: true } });
    },
    SLOW,
  );

  it(
    'refuses to drop a role for a new password, and shows neither password',
    async () => {
      const { ids, text } = await judged(() => undefined, {
        environment: { ...environment(), TF_VAR_role_app_password: 'Another-one-8' },
      });
      expect(ids).toEqual(['needs-yes drop-role:app']);
      expect(text).toContain('the role app is dropped and created anew, because its password changes');
    },
    SLOW,
  );

  it(
    'refuses firewall rules that open the cluster wide',
    async () => {
      const azure = await judged((stack) =>
        Object.assign(rule(stack), { start_ip_address: '0.0.0.0', end_ip_address: '0.0.0.0' }),
      );
      expect(azure.ids).toEqual(['needs-yes open-to-azure:office']);
      const internet = await judged(
        (stack) =>
          Object.assign(rule(stack), { start_ip_address: '0.0.0.0', end_ip_address: '255.255.255.255' }),
        { allow: ['open-to-the-internet:office'] },
      );
      expect(internet).toMatchObject({ outcome: 'refused', ids: ['never open-to-the-internet:office'] });
    },
    SLOW,
  );

  it(
    'refuses a replacement, by Terraform while protected, and by name when not',
    async () => {
      const move = (stack: StackJson): void => {
        clusterOf(stack)['location'] = 'eastus';
      };
      await expect(judged(move)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(
          /^azurerm_cosmosdb_postgresql_cluster\.\w+ is protected from being destroyed, and nothing was: .*protectFromDestroy: false/,
        ) as string,
      });
      const { ids, text } = await judged((stack) => {
        unprotected(stack);
        move(stack);
      });
      // The role and the rule go with their cluster, and are not asked about one by one.
      expect(ids).toEqual(['needs-yes replace-cluster:wwi-sensors-dev']);
      expect(text).toContain('because its location changes from westus2 to eastus');
    },
    SLOW,
  );

  it(
    'refuses a cluster at another address, which no protection of Terraform stops',
    async () => {
      const { ids, text } = await judged((stack) => {
        const clusters = at(stack, 'resource', CLUSTER);
        const [[address, cluster]] = Object.entries(clusters) as [[string, StackJson]];
        const renamed = JSON.parse(
          JSON.stringify(stack).replaceAll(`postgresql_cluster.${address}.`, 'postgresql_cluster.Renamed.'),
        ) as StackJson;
        Object.assign(stack, renamed);
        at(stack, 'resource')[CLUSTER] = { Renamed: cluster };
      });
      expect(ids).toEqual(['never cluster-moved:wwi-sensors-dev']);
      expect(text).toMatch(
        /terraform state mv azurerm_cosmosdb_postgresql_cluster\.\w+ azurerm_cosmosdb_postgresql_cluster\.Renamed/,
      );
    },
    SLOW,
  );

  it(
    'asks for the cluster and the group by name before all of it is destroyed',
    async () => {
      await expect(judged(() => undefined, { destroy: true })).rejects.toMatchObject({ exitCode: 3 });
      const { ids } = await judged(unprotected, { destroy: true });
      expect(ids).toEqual([
        'needs-yes destroy-cluster:wwi-sensors-dev',
        'needs-yes destroy-resource-group:rg-wwi-sensors-dev',
      ]);
      const allow = ids.map((id) => id.replace('needs-yes ', ''));
      expect(await judged(unprotected, { destroy: true, allow })).toMatchObject({ outcome: 'changes' });
    },
    SLOW,
  );

  it(
    'calls out what somebody changed past Terraform',
    async () => {
      await rehearsal.inAzure('PATCH', CLUSTER_ID, { properties: { enableHa: true, nodeCount: 4 } });
      await new Promise((done) => setTimeout(done, 500));
      const { ids, text } = await judged(() => undefined);
      expect(ids).toEqual([
        'never fewer-workers:wwi-sensors-dev',
        'note standbys-removed:wwi-sensors-dev',
        'note drift:wwi-sensors-dev',
      ]);
      expect(text).toMatch(
        /somebody changed the cluster past Terraform: ha_enabled from false to true \(this plan changes it again\), node_count from 3 to 4 \(this plan changes it again\)/,
      );
    },
    SLOW,
  );

  it(
    'asks before it creates an empty cluster where one is gone',
    async () => {
      await rehearsal.inAzure('DELETE', CLUSTER_ID);
      await new Promise((done) => setTimeout(done, 500));
      const { ids } = await judged(() => undefined);
      // Its firewall rule and its role went with it.
      expect(ids).toEqual([
        'needs-yes recreate-cluster:wwi-sensors-dev',
        'note drift:wwi-sensors-dev',
        'note drift:office',
        'note drift:app',
      ]);
      expect((await rehearsal.inAzure('GET', GROUP_ID)).status).toBe(200);
    },
    SLOW,
  );
});
