import { spawn } from 'node:child_process';
import { rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { parseCosmosEnvironment } from '../../config/environment/environment';
import { deploy } from '../../scripts/infra/deploy';
import { guard } from '../../scripts/infra/guard';
import { runTerraform } from '../../scripts/infra/terraform';
import { makeByHand } from '../../scripts/local/terraform/hand-made';
import { azureSuite } from '../support/lanes';
import type { StackJson } from './rehearsal';
import { at, CLUSTER_ID, clusterOf, ENVIRONMENT, Rehearsal } from './rehearsal';

/** A cluster that somebody made by hand is taken over. Steps of one story, in order. */
const SLOW = 180_000;
const ROOT = resolve(__dirname, '../..');
const ROLE = 'azurerm_cosmosdb_postgresql_role';
const LOCK = 'azurerm_management_lock';
const BY_HAND = 'By-hand-only-7';

interface Changes {
  readonly imported?: boolean;
  readonly roles?: string;
}

/** The environment's file, as the cluster is. */
const file = ({ imported = false, roles = '{ name: app }' }: Changes = {}): string => `
name: ${ENVIRONMENT}
location: westus2
resourceGroup: rg-wwi-sensors-dev
workload: sensors
production: false
cluster:
  name: wwi-sensors-dev
  origin: { adopt: ${CLUSTER_ID}, imported: ${String(imported)} }
  postgresVersion: 16
  citusVersion: '12.1'
  stage: single-node
  coordinator: { vCores: 4, storageGiB: 512 }
  workers: { count: 2, vCores: 4, storageGiB: 512 }
  coordinatorHoldsShards: true
  highAvailability: false
  maintenanceWindow: { day: sunday, startHour: 3, startMinute: 0 }
roles: [${roles}]
network:
  access: firewall
  allow: [{ name: office, from: 203.0.113.8, to: 203.0.113.15 }]
state: { backend: local }
tags: { owner: sensors-platform, costCentre: wwi-1042 }
`;

azureSuite('a cluster that was there before', () => {
  let rehearsal: Rehearsal;

  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
    await makeByHand(rehearsal.azure, parseCosmosEnvironment(file(), `${ENVIRONMENT}.yaml`), BY_HAND);
  }, SLOW);
  afterAll(() => rehearsal.end());

  const judged = async (change?: (stack: StackJson) => void, more: Record<string, string> = {}) => {
    const since = rehearsal.azure.requests.length;
    rehearsal.context.reporter.lines.length = 0;
    const options = change === undefined ? rehearsal.options : await rehearsal.synthesizeWith(change);
    const result = await guard(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      ...options,
      environment: { ...rehearsal.environment, ...more },
    });
    expect(rehearsal.changesSent(since)).toEqual([]);
    return { ...result, ids: result.document.findings.map(({ level, id }) => `${level} ${id}`) };
  };
  const deployed = async (more: Record<string, string> = {}) => {
    const since = rehearsal.azure.requests.length;
    const result = await deploy(rehearsal.context, {
      name: ENVIRONMENT,
      allow: [],
      ...rehearsal.options,
      environment: { ...rehearsal.environment, ...more },
    });
    return { ...result, sent: rehearsal.changesSent(since) };
  };
  /** As if a deploy had been killed before it came to the role. */
  const forgetRole = async (): Promise<void> => {
    const options = { environment: rehearsal.environment };
    const run = (...args: readonly string[]) =>
      runTerraform([`-chdir=${dirname(rehearsal.stackFile)}`, 'state', ...args], options);
    const { stdout } = await run('list');
    const role = stdout.split('\n').find((line) => line.startsWith(`${ROLE}.`)) ?? '';
    expect(await run('rm', role)).toMatchObject({ exitCode: 0 });
  };

  it(
    'is to be imported, with what belongs to it, and nothing else; its passwords nobody has to know',
    async () => {
      rehearsal.useConfig(file());
      const { outcome, text, document, ids } = await judged();
      expect({ outcome, ids }).toEqual({ outcome: 'changes', ids: [] });
      expect(text.split('\n')[0]).toBe('3 to import, nothing else: dev takes over what is there as it is.');
      expect(document.changes.map(({ action }) => action)).toEqual(['adopt', 'adopt', 'adopt']);
      expect(JSON.stringify(document) + text).not.toContain('Aa1-');
    },
    SLOW,
  );

  it(
    'is not taken over in a plan that changes it, by the name of what changes',
    async () => {
      const { outcome, ids, text } = await judged((stack) => {
        const cluster = clusterOf(stack);
        Object.assign(cluster, { node_count: 2, tags: { owner: 'me' } });
        const scope = `\${azurerm_cosmosdb_postgresql_cluster.${Object.keys(at(stack, 'resource', 'azurerm_cosmosdb_postgresql_cluster'))[0] ?? ''}.id}`;
        at(stack, 'resource')[LOCK] = { keep: { name: 'keep', scope, lock_level: 'CanNotDelete' } };
      });
      expect(outcome).toBe('refused');
      expect([...ids].sort()).toEqual([
        'never change-while-adopting:keep',
        'never change-while-adopting:wwi-sensors-dev',
      ]);
      expect(text).toContain('changes node_count (0 in Azure, 2 in the file) and tags (');
      expect(text).toContain('leave keep out of the file until the cluster is taken over');
    },
    SLOW,
  );

  it(
    'is refused where a role would be dropped for its password, or the cluster for its origin',
    async () => {
      const role = await judged(
        (stack) => {
          for (const each of Object.values(at(stack, 'resource', ROLE)) as StackJson[])
            delete each['lifecycle'];
        },
        { TF_VAR_role_app_password: 'Another-one-8' },
      );
      expect(role.ids).toEqual(['never change-while-adopting:app']);
      expect(role.text).toContain('drops the role app and creates it again for its password');
      const origin = await judged((stack) => {
        const cluster = clusterOf(stack);
        at(cluster, 'lifecycle')['prevent_destroy'] = false;
        Object.assign(cluster, {
          source_resource_id: `${CLUSTER_ID}-old`,
          source_location: 'westus2',
          point_in_time_in_utc: '2026-01-31T12:00:00Z',
        });
      });
      expect(origin.ids).toContain('never change-while-adopting:wwi-sensors-dev');
      expect(origin.text).toContain('adopt stands alone under cluster.origin');
    },
    SLOW,
  );

  it(
    'is taken over with nothing sent, and the next step said',
    async () => {
      rehearsal.useConfig(file());
      const { outcome, document, text, sent } = await deployed();
      expect({ outcome, sent, pending: document.pending }).toEqual({
        outcome: 'done',
        sent: [],
        pending: [],
      });
      expect(document.imported.map(({ id }) => id.replace(CLUSTER_ID, '')).sort()).toEqual([
        '',
        '/firewallRules/office',
        '/roles/app',
      ]);
      expect(text).toMatch(
        /^dev took over 3 resources in .* nothing changed in Azure; a new plan is empty\. Next: set imported: true under cluster\.origin in config\/environments\/dev\.yaml; then harden or scale it, in a change of its own$/,
      );
      expect(await judged()).toMatchObject({ outcome: 'done', ids: [] });
    },
    SLOW,
  );

  it(
    'goes on where a deploy was killed, and changes nothing beside what is left',
    async () => {
      await forgetRole();
      const { ids } = await judged((stack) => Object.assign(clusterOf(stack), { node_count: 2 }));
      expect(ids).toEqual(['never change-while-adopting:wwi-sensors-dev']);
      const { document, text, sent } = await deployed();
      expect(document.imported.map(({ id }) => id)).toEqual([`${CLUSTER_ID}/roles/app`]);
      expect(text).toContain('dev took over 1 resource in ');
      expect(sent).toEqual([]);
    },
    SLOW,
  );

  /** What a command of cdktf prints, and the status it ends with. */
  const cdktf = (verb: string, ...more: readonly string[]): Promise<string> =>
    new Promise((done, fail) => {
      const child = spawn(
        process.execPath,
        [
          join(ROOT, 'scripts', 'cdktf.js'),
          ...[verb, ENVIRONMENT, '--skip-provider-lock', ...more],
          ...['--output', join(rehearsal.home, 'cdktf.out')],
        ],
        { cwd: ROOT, env: { ...rehearsal.environment, CI: 'true' }, stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let text = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      }
      child.on('error', fail);
      child.on('close', (code) => done(`${stripVTControlCharacters(text)}exit ${String(code)}`));
    });

  it(
    'is shown by cdktf, with no password given, in a plan that nobody else can read',
    async () => {
      await forgetRole();
      const plan = join(rehearsal.home, 'cdktf.out', 'stacks', ENVIRONMENT, 'plan');
      rmSync(plan, { force: true });
      const output = await cdktf('diff');
      expect(output).toContain('1 to import');
      expect(output).toMatch(/exit 0$/);
      const { mode, size } = statSync(plan);
      expect({ mode: mode & 0o777, isWritten: size > 0 }).toEqual({ mode: 0o600, isWritten: true });
    },
    SLOW,
  );

  it(
    'is taken over by cdktf as well, with no password given',
    async () => {
      const since = rehearsal.azure.requests.length;
      const output = await cdktf('deploy', '--auto-approve');
      expect(output).toMatch(/exit 0$/);
      expect(output).toContain('1 imported');
      expect(rehearsal.changesSent(since)).toEqual([]);
    },
    SLOW,
  );

  it(
    'has to have what the file names, or to be imported first',
    async () => {
      rehearsal.useConfig(file({ roles: '{ name: app }, { name: fresh }' }));
      await expect(judged()).rejects.toMatchObject({
        code: 'infra.terraform-failed',
        message: expect.stringMatching(
          /^the role that config\/environments\/dev\.yaml takes over is not in Azure \(azurerm_cosmosdb_postgresql_role\.\w+\): .* set imported: true under cluster\.origin instead/,
        ) as string,
      });
    },
    SLOW,
  );

  it(
    'gets new roles once it is imported, with the password that somebody gives, and the tags of this project',
    async () => {
      rehearsal.useConfig(file({ imported: true, roles: '{ name: app }, { name: fresh }' }));
      const refused = await deployed();
      expect(refused).toMatchObject({ outcome: 'refused', sent: [] });
      expect(refused.document.findings.map(({ level, id }) => `${level} ${id}`)).toEqual([
        'never role-without-password:fresh',
      ]);
      expect(refused.text).toContain('put its password into TF_VAR_role_fresh_password');
      const { outcome, sent, text } = await deployed({ TF_VAR_role_fresh_password: 'Given-by-me-9' });
      expect({ outcome, sent: [...sent].sort() }).toEqual({
        outcome: 'done',
        sent: ['PATCH serverGroupsv2/wwi-sensors-dev', 'PUT roles/fresh'],
      });
      expect(text).toContain('Next: npx scaleout tables plan --env dev');
    },
    SLOW,
  );
});
