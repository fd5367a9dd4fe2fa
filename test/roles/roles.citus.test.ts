import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { rolesApply, rolesPlan } from '../../scripts/roles/commands';
import { withClient, withAdvisoryLock } from '../../scripts/lib/connection';
import type { TestDatabase } from '../support/citus';
import { freshCitusDatabase, platformSuite } from '../support/citus';
import { scaleout } from '../support/command-line';
import { withVariables } from '../support/environment';
import { scratchDirectory } from '../support/scratch';
import { testCluster, testLogin } from '../support/test-cluster';
import { query, testContext } from '../tables/support/sensors';
import type { Admin } from './support/admin';
import { createAdmin } from './support/admin';

jest.setTimeout(120_000);

const PASSWORD = "It's-7-\\-secrets";

platformSuite('the roles of an environment', () => {
  let database: TestDatabase;
  let admin: Admin;

  beforeEach(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    admin = await createAdmin(database);
  });
  afterEach(async () => {
    await admin.drop();
    await database.drop();
  });

  const input = (roles: readonly string[], password = PASSWORD) => ({
    target: admin.target,
    environment: 'dev',
    roles,
    variables: Object.fromEntries(roles.map((role) => [`TF_VAR_role_${role}_password`, password])),
  });
  const actions = async (roles: readonly string[], password?: string): Promise<readonly string[]> =>
    (await rolesPlan(testContext(), input(roles, password))).document.roles.map(({ action }) => action);

  /** What each node stores of a role. */
  async function stored(role: string): Promise<readonly (string | undefined)[]> {
    const cluster = await testCluster();
    return Promise.all(
      cluster.nodes.map(async (node) => {
        const platform = testLogin(cluster, node, cluster.superuser, database.target.database);
        const rows = await query<{ rolpassword: string }>(
          platform,
          'SELECT rolpassword FROM pg_authid WHERE rolname = $1',
          [role],
        );
        return rows[0]?.rolpassword;
      }),
    );
  }

  async function onNode(index: number, statement: string): Promise<void> {
    const cluster = await testCluster();
    const node = cluster.nodes[index];
    if (node === undefined) throw new Error(`no node ${String(index)}`);
    const { database: name } = database.target;
    await query(
      testLogin(cluster, node, cluster.superuser, name),
      `SET citus.enable_ddl_propagation TO off; ${statement}`,
    );
  }

  async function logsInEverywhere(role: string, password: string): Promise<boolean> {
    const cluster = await testCluster();
    const logins = await Promise.all(
      cluster.nodes.map(async (node) => {
        const target = testLogin(cluster, node, role, database.target.database);
        return query({ ...target, password }, 'SELECT 1').then(
          () => true,
          () => false,
        );
      }),
    );
    return logins.every(Boolean);
  }

  test('are made on every node, log in there, and stay as they are from then on', async () => {
    const [reporting, loader] = [admin.role('reporting'), admin.role('loader')];
    const roles = [reporting, loader];
    const asked = jest.spyOn(Client.prototype, 'query');
    const { document, text, outcome } = await rolesPlan(testContext(), input(roles));
    expect(document.roles.map(({ action }) => action)).toEqual(['create', 'create']);
    expect(document.nodes).toHaveLength(3);
    expect(outcome).toBe('changes');
    expect(await stored(reporting)).toEqual([undefined, undefined, undefined]);

    const applied = await rolesApply(testContext(), input(roles));
    expect(applied.document.roles.map(({ action }) => action)).toEqual(['create', 'create']);
    expect(await logsInEverywhere(reporting, PASSWORD)).toBe(true);
    expect(await logsInEverywhere(loader, PASSWORD)).toBe(true);
    const verifiers = await stored(reporting);
    expect(verifiers).toEqual(Array(3).fill(expect.stringMatching(/^SCRAM-SHA-256\$4096:/)));
    expect(new Set(verifiers).size).toBe(1);

    const again = await rolesApply(testContext(), input(roles));
    expect(again.document.roles.map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
    expect(again.text).toMatch(/Nothing to do\. Every role of the environment is on all 3 nodes/);
    expect(await stored(reporting)).toEqual(verifiers);

    const said = JSON.stringify([document, text, applied, again, asked.mock.calls]);
    expect(said).toContain('SCRAM-SHA-256');
    expect(said).not.toContain('secrets');
  });

  test('get another password once their variable has one', async () => {
    const role = admin.role('reporting');
    await rolesApply(testContext(), input([role]));
    expect(await actions([role], 'Another-1234')).toEqual(['set-password']);
    await rolesApply(testContext(), input([role], 'Another-1234'));
    expect(await logsInEverywhere(role, 'Another-1234')).toBe(true);
    expect(await logsInEverywhere(role, PASSWORD)).toBe(false);
    expect(await actions([role], 'Another-1234')).toEqual(['unchanged']);
  });

  test('that a node lost, or that Citus does not carry, come to every node', async () => {
    const [lost, lone] = [admin.role('lost'), admin.role('lone')];
    await rolesApply(testContext(), input([lost]));
    await onNode(2, `DROP ROLE ${lost}`);
    await onNode(0, `CREATE ROLE ${lone} LOGIN`);
    await onNode(0, `GRANT ${lone} TO ${admin.target.user} WITH ADMIN OPTION`);
    expect(await actions([lost, lone])).toEqual(['set-on-nodes', 'set-on-nodes']);
    const { document } = await rolesApply(testContext(), input([lost, lone]));
    expect(document.roles.map(({ notes }) => notes)).toEqual([
      [],
      ['Citus carries it to no node that joins: run this again after the cluster has grown'],
    ]);
    expect(await logsInEverywhere(lost, PASSWORD)).toBe(true);
    expect(await logsInEverywhere(lone, PASSWORD)).toBe(true);
    expect(await actions([lost, lone])).toEqual(['unchanged', 'unchanged']);
  });

  test('go on where a run was broken off', async () => {
    const roles = [admin.role('a'), admin.role('b'), admin.role('c')];
    const stop = new AbortController();
    const context = testContext();
    const reporter = {
      ...context.reporter,
      info(text: string) {
        if (/was created/.test(text)) stop.abort();
      },
    };
    await expect(rolesApply({ ...context, reporter, signal: stop.signal }, input(roles))).rejects.toThrow(
      'stopped as asked: 1 of 3 roles are done; the same command goes on',
    );
    expect(await actions(roles)).toEqual(['unchanged', 'create', 'create']);
    await rolesApply(testContext(), input(roles));
    expect(await actions(roles)).toEqual(['unchanged', 'unchanged', 'unchanged']);
  });

  test('that a person has to decide about stop the run before it changes any', async () => {
    const [fresh, shut, mighty] = [admin.role('fresh'), admin.role('shut'), admin.role('mighty')];
    const other = admin.role('other');
    await query(database.platform, `CREATE ROLE ${shut} PASSWORD 'x'; CREATE ROLE ${other} LOGIN`);
    await query(database.platform, `CREATE ROLE ${mighty} LOGIN CREATEROLE PASSWORD 'Mighty-1234'`);
    const plan = await rolesPlan(testContext(), input([fresh, shut, mighty]));
    expect(plan.outcome).toBe('refused');
    expect(plan.verdict).toMatch(`role ${shut} may not log in (NOLOGIN)`);
    expect(plan.verdict).toMatch(`role ${mighty} has CREATEROLE, and does not log in with the password`);
    expect(plan.document.unnamedRoles).toContain(other);
    // Since PostgreSQL 16 a role is its maker's to change.
    const version = await query<{ major: number }>(
      database.target,
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    expect(await actions([other])).toEqual([(version[0]?.major ?? 0) < 16 ? 'set-password' : 'refused']);
    await expect(rolesApply(testContext(), input([fresh, shut, mighty]))).rejects.toMatchObject({
      code: 'roles.refused',
      exitCode: 3,
      message: expect.stringMatching(/nothing was changed$/) as string,
    });
    expect(await stored(fresh)).toEqual([undefined, undefined, undefined]);

    // With its own password it is as the file has it, and what it may do is said.
    const known = await rolesPlan(testContext(), input([mighty], 'Mighty-1234'));
    expect(known.document.roles).toEqual([
      {
        name: mighty,
        action: 'unchanged',
        why: '',
        notes: ['it has CREATEROLE, which this leaves as it is'],
      },
    ]);
  });

  test('are changed by one run at a time, and only where the person agrees', async () => {
    const role = admin.role('reporting');
    await withClient(admin.target, (client) =>
      withAdvisoryLock(client, 'roles', () =>
        expect(rolesApply(testContext(), input([role]))).rejects.toMatchObject({ code: 'cluster.busy' }),
      ),
    );
    const declining = { ...testContext(), confirm: () => Promise.resolve(false) };
    await expect(rolesApply(declining, input([role]))).rejects.toMatchObject({ code: 'input.declined' });
    expect(await stored(role)).toEqual([undefined, undefined, undefined]);
  });

  test('that this login may not make fail with the server’s words', async () => {
    const role = admin.role('reporting');
    const failing = rolesApply(testContext(), { ...input([role]), target: database.target });
    await expect(failing).rejects.toMatchObject({
      code: 'roles.step-failed',
      message: expect.stringMatching(/could not be created: .*permission denied to create role/) as string,
      details: { role, action: 'create', sqlState: '42501' },
    });
  });
});

platformSuite('scaleout roles', () => {
  const scratch = scratchDirectory();
  let database: TestDatabase;
  let admin: Admin;

  beforeAll(async () => {
    database = await freshCitusDatabase({ workers: 2 });
    admin = await createAdmin(database);
  });
  afterAll(async () => {
    await admin.drop();
    await database.drop();
  });

  test('makes those of an environment’s file, and says in its status what is left to do', async () => {
    const role = admin.role('reporting');
    mkdirSync(path.join(scratch, 'environments'), { recursive: true });
    cpSync(path.resolve(__dirname, '../../config/workloads'), path.join(scratch, 'workloads'), {
      recursive: true,
    });
    writeFileSync(
      path.join(scratch, 'environments', 'fresh.yaml'),
      elasticFile({ login: admin.target.user, database: database.target.database, role }),
    );
    const { host, port, password } = admin.target;
    // The file says the login and the database where neither the URL nor a variable does.
    const scaleoutRoles = (verb: string, more: Readonly<Record<string, string>> = {}, ...flags: string[]) =>
      withVariables({ SCALEOUT_CONFIG_DIR: scratch }, () =>
        scaleout(['roles', verb, '--env', 'fresh', '--url', ...flags], {
          PGHOST: host,
          PGPORT: String(port),
          PGPASSWORD: password,
          ...more,
        }),
      );
    const variables = { [`TF_VAR_role_${role}_password`]: PASSWORD };
    expect(await scaleoutRoles('plan')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`TF_VAR_role_${role}_password is not set`) as string,
    });
    expect(await scaleoutRoles('plan', variables, '--detailed-exitcode')).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/ {2}create {2}does not exist/) as string,
    });
    expect(await scaleoutRoles('apply', variables)).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/needs an answer.*add --yes; nothing was changed/) as string,
    });
    const applied = await scaleoutRoles('apply', variables, '--yes', '--json');
    expect(applied.status).toBe(0);
    expect(JSON.parse(applied.stdout)).toMatchObject({
      formatVersion: 1,
      environment: 'fresh',
      roles: [{ name: role, action: 'create', notes: [] }],
    });
    expect(`${applied.stdout}${applied.stderr}`).not.toContain('secrets');
    expect(await scaleoutRoles('plan', variables, '--detailed-exitcode')).toMatchObject({ status: 0 });
  });
});

function elasticFile(of: {
  readonly login: string;
  readonly database: string;
  readonly role: string;
}): string {
  return `
name: fresh
service: elastic-cluster
location: westus2
resourceGroup: rg-fresh
workload: sensors
production: false
cluster:
  name: wwi-fresh
  postgresVersion: 17
  stage: scaled-out
  nodes: { sku: GP_Standard_D4ds_v5, storageGiB: 128, count: 3 }
  database: ${of.database}
  login: ${of.login}
  highAvailability: false
network: { access: firewall, allow: [{ name: office, from: 203.0.113.8, to: 203.0.113.15 }] }
roles: [{ name: ${of.role} }]
state: { backend: local }
tags: { owner: sensors-platform, costCentre: wwi-1042 }
`;
}

platformSuite('the roles of a single node', () => {
  test('are on the nodes that join, and log in there', async () => {
    const database = await freshCitusDatabase({ workers: 0 });
    const admin = await createAdmin(database);
    try {
      const role = admin.role('reporting');
      const input = {
        target: admin.target,
        environment: 'dev',
        roles: [role],
        variables: { [`TF_VAR_role_${role}_password`]: PASSWORD },
      };
      await rolesApply(testContext(), input);
      await database.addWorkers();
      await admin.introduce();
      const { document } = await rolesPlan(testContext(), input);
      expect(document.nodes).toHaveLength(3);
      expect(document.roles).toEqual([{ name: role, action: 'unchanged', why: '', notes: [] }]);
    } finally {
      await admin.drop();
      await database.drop();
    }
  });
});
