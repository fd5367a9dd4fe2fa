import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deploy } from '../../scripts/infra/deploy';
import { recordingReporter } from '../local/journey/recording-reporter';
import type { Story } from '../support/stories';
import { tellAtOnce } from '../support/stories';
import type { ResourceChange } from '../support/terraform-deployment';
import { azureSuite } from '../support/lanes';
import { ENVIRONMENTS } from '../support/synth';
import { Deployment, PASSWORD, SUBSCRIPTION } from '../support/terraform-deployment';

/**
 * Production and the account of its state, as their files say it with the state kept here: through the real cdktf,
 * Terraform and azurerm to a stand-in for Azure. What Azure is slow to tell everywhere, the provider watches: a resource
 * group for 20 seconds, a vault, an alert and a lock for 2 minutes each. So the stories are told at once.
 */

const LIMIT = 420_000;
const ROOT = path.resolve(__dirname, '../..');
const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-wwi-sensors-prod`;
const CLUSTER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-prod`;
const LOCK = `${CLUSTER}/providers/Microsoft.Authorization/locks/keep`;
const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/kv-wwi-sensors-prod`;
const ZONE = `${GROUP}/providers/Microsoft.Network/privateDnsZones/privatelink.postgres.cosmos.azure.com`;
/** What the file names and nobody makes here. */
const SURROUNDINGS = {
  subnets: {
    [`${SUBSCRIPTION}/resourceGroups/rg-wwi-network/providers/Microsoft.Network/virtualNetworks/vnet-wwi/subnets/snet-data`]:
      'westus2',
  },
};
const ALERTS = ['connections', 'cpu', 'memory', 'storage'].map(
  (name) => `${GROUP}/providers/Microsoft.Insights/metricAlerts/wwi-sensors-prod-${name}`,
);

azureSuite('production, deployed with cdktf', () => {
  tellAtOnce(LIMIT, [whole(), brokenOff(), takenDown(), stateAccount()]);
});

type Change = readonly [text: string | RegExp, by: string];

/** The file of a cluster that begins empty, with the state kept here and texts of it replaced. */
function prod(...changes: readonly Change[]): string {
  const local: Change = [/^state:\n(?: {2}.*\n)+/m, 'state: { backend: local }\n'];
  return [local, ...changes].reduce((before, [text, by]) => {
    const after = before.replace(text, by);
    if (after === before) throw new Error(`the file of prod holds no ${String(text)}`);
    return after;
  }, shipped('environments/prod.yaml'));
}

function shipped(file: 'bootstrap.yaml' | 'environments/prod.yaml'): string {
  const directory = file === 'bootstrap.yaml' ? path.join(ROOT, 'config') : path.dirname(ENVIRONMENTS);
  return readFileSync(path.join(directory, file), 'utf8');
}

const SINGLE_NODE: Change = ['stage: scaled-out', 'stage: single-node'];
const UNPROTECTED: Change = ['protectFromDestroy: true', 'protectFromDestroy: false'];
/** Without the parts that the provider watches for minutes; the lock stays. */
const BARE: readonly Change[] = [
  [/^keyVault:\n(?: {2}.*\n)+/m, ''],
  [/^monitoring:\n(?: {2}.*\n)+/m, ''],
];

function whole(): Story {
  let it: Deployment;
  return {
    title: 'as its file says it',
    begin: async () => {
      it = await Deployment.start('prod', { surroundings: SURROUNDINGS });
      it.writeConfig('environments/prod.yaml', prod());
    },
    end: () => it.end(),
    steps: [
      [
        'cdktf deploy creates everything, and the lock once nothing under it is left to make',
        async () => {
          const run = await it.cdktf('deploy', '--auto-approve');
          expect(run.output).toContain('Apply complete! Resources: 17 added, 0 changed, 0 destroyed.');
          expect(run.exitCode).toBe(0);
          const sent = it.changesSent();
          // The service wants a workspace written twice, and a zone group is a part of its endpoint.
          expect(
            [...new Set(sent.map((each) => each.replace(/(roleAssignments)\/.*/, '$1')))].sort(),
          ).toEqual([
            'PUT actionGroups/wwi-sensors-prod-alerts',
            'PUT diagnosticSettings/kv-wwi-sensors-prod',
            'PUT diagnosticSettings/wwi-sensors-prod',
            'PUT locks/keep',
            'PUT metricAlerts/wwi-sensors-prod-connections',
            'PUT metricAlerts/wwi-sensors-prod-cpu',
            'PUT metricAlerts/wwi-sensors-prod-memory',
            'PUT metricAlerts/wwi-sensors-prod-storage',
            'PUT privateDnsZoneGroups/default',
            'PUT privateDnsZones/privatelink.postgres.cosmos.azure.com',
            'PUT privateEndpoints/wwi-sensors-prod-coordinator',
            'PUT resourceGroups/rg-wwi-sensors-prod',
            'PUT roleAssignments',
            'PUT secrets/citus-password',
            'PUT serverGroupsv2/wwi-sensors-prod',
            'PUT vaults/kv-wwi-sensors-prod',
            'PUT virtualNetworkLinks/wwi-sensors-prod',
            'PUT workspaces/log-wwi-sensors-prod',
          ]);
          const place = (change: string): number => sent.indexOf(change);
          for (const before of [
            'PUT privateEndpoints/wwi-sensors-prod-coordinator',
            'PUT diagnosticSettings/wwi-sensors-prod',
          ]) {
            expect(place(before)).toBeLessThan(place('PUT locks/keep'));
          }
          expect(place('PUT diagnosticSettings/kv-wwi-sensors-prod')).toBeLessThan(
            place('PUT secrets/citus-password'),
          );
        },
      ],
      [
        'the cluster is closed to the internet, with a standby, a lock and a coordinator to connect to',
        async () => {
          expect((await it.atPortal('GET', CLUSTER)).body.properties).toMatchObject({
            nodeCount: 2,
            enableHa: true,
            coordinatorEnablePublicIpAccess: false,
            nodeEnablePublicIpAccess: false,
            privateEndpointConnections: [expect.anything()],
          });
          expect((await it.atPortal('GET', LOCK)).body.properties).toMatchObject({ level: 'CanNotDelete' });
          expect(await it.outputs()).toMatchObject({
            cluster_id: CLUSTER,
            coordinator_fqdn: expect.stringMatching(
              /^c-wwi-sensors-prod\.[0-9a-z]{14}\.postgres\.cosmos\.azure\.com$/,
            ) as string,
            stage: 'scaled-out',
            node_count: 2,
          });
        },
      ],
      ['has nothing to do right after', () => it.expectUnchanged()],
      ['the state holds what is in Azure, and nothing else', () => it.expectStateToMatchAzure()],
      [
        'the password of citus is in the state for the sake of the cluster alone, and nowhere else',
        () => {
          expect(it.typesInStateWith(PASSWORD)).toEqual(['azurerm_cosmosdb_postgresql_cluster']);
          it.expectKeptSecret(PASSWORD);
        },
      ],
      [
        'destroying it is refused: by Terraform with its guards, and past Terraform by the lock',
        async () => {
          const since = it.azure.requests.length;
          const destroy = await it.cdktf('destroy', '--auto-approve');
          expect(destroy.exitCode).toBe(3);
          expect(inOneLine(destroy.output)).toMatch(
            /azurerm_cosmosdb_postgresql_cluster\.\w+ is protected from being destroyed, and nothing was: .* cluster\.protectFromDestroy: false in \S*config\/environments\/prod\.yaml/,
          );
          const plan = await it.terraform('plan', '-destroy', '-input=false', '-no-color');
          expect(plan.output).toContain('Instance cannot be destroyed');
          expect(it.changes(since)).toEqual([]);
          for (const id of [CLUSTER, GROUP]) {
            const { status, body } = await it.atPortal('DELETE', id);
            expect([status, body.error.code]).toEqual([409, 'ScopeLocked']);
          }
        },
      ],
      [
        'what somebody changes past Terraform is in the next plan: a lock taken off, a cluster opened, a threshold',
        async () => {
          await it.atPortal('DELETE', LOCK);
          await it.atPortal('PATCH', CLUSTER, { properties: { coordinatorEnablePublicIpAccess: true } });
          const [alert = ''] = ALERTS;
          const { body } = await it.atPortal('GET', alert);
          await it.atPortal('PUT', alert, { ...body, properties: { ...body.properties, severity: 4 } });
          await ended(it);
          const plan = await it.terraform('plan', '-detailed-exitcode', '-input=false', '-out=drift');
          expect(plan.exitCode).toBe(2);
          const { resource_drift: drift = [], resource_changes: changes = [] } = await it.showPlan('drift');
          const found = drift.flatMap(({ type, change }) =>
            differences(change).map((name) => `${type} ${name}`),
          );
          expect(found).toEqual(
            expect.arrayContaining([
              'azurerm_cosmosdb_postgresql_cluster coordinator_public_ip_access_enabled',
              'azurerm_management_lock id',
              'azurerm_monitor_metric_alert severity',
            ]),
          );
          expect(
            changes
              .filter(({ change }) => change.actions.join() !== 'no-op')
              .map(({ type, change }) => `${change.actions.join()} ${type}`)
              .sort(),
          ).toEqual([
            'create azurerm_management_lock',
            'update azurerm_cosmosdb_postgresql_cluster',
            'update azurerm_monitor_metric_alert',
          ]);
        },
      ],
      [
        'reached nothing but the stand-in, which had an answer to everything',
        () => {
          expect(it.azure.refusedHosts).toEqual([]);
          expect(it.azure.requests.filter(({ status }) => status >= 500)).toEqual([]);
        },
      ],
    ],
  };
}

function brokenOff(): Story {
  let it: Deployment;
  return {
    title: 'killed in the middle',
    begin: async () => {
      it = await Deployment.start('prod', { surroundings: SURROUNDINGS });
      it.writeConfig('environments/prod.yaml', prod(SINGLE_NODE));
    },
    end: () => it.end(),
    steps: [
      [
        'cdktf deploy leaves behind what the state does not know yet',
        async () => {
          await it.killCdktf(['deploy', '--auto-approve'], [VAULT, ...ALERTS, LOCK]);
          expect(it.idsInAzure()).toEqual(expect.arrayContaining([VAULT, LOCK].map(small)));
          expect(it.idsInState()).not.toContain(small(LOCK));
        },
      ],
      [
        'scaleout deploy takes it over and makes the rest',
        async () => {
          const { outcome, document } = await scaleoutDeploy(it);
          expect({ outcome, pending: document.pending }).toEqual({ outcome: 'done', pending: [] });
          expect(document.adopted.map(({ id }) => id).sort()).toEqual([LOCK, VAULT, ...ALERTS].sort());
          const sent = it
            .changesSent()
            .filter((change) => /^PUT (locks|vaults|serverGroupsv2)\//.test(change));
          expect(sent.at(-1)).toBe('PUT locks/keep');
          // Vault and cluster wait for nothing of each other, so either may come first.
          expect([...sent].sort()).toEqual([
            'PUT locks/keep',
            'PUT serverGroupsv2/wwi-sensors-prod',
            'PUT vaults/kv-wwi-sensors-prod',
          ]);
          it.expectStateToMatchAzure();
        },
      ],
      [
        'scaling out is one update in place of the node count, lock or not',
        async () => {
          const before = await it.outputs();
          const since = it.azure.requests.length;
          it.writeConfig('environments/prod.yaml', prod());
          const run = await it.cdktf('deploy', '--auto-approve');
          expect(run.output).toContain('Apply complete! Resources: 0 added, 1 changed, 0 destroyed.');
          expect(it.changes(since).map(({ method, body }) => ({ method, body }))).toEqual([
            { method: 'PATCH', body: { properties: { nodeCount: 2 } } },
          ]);
          expect(await it.outputs()).toEqual({ ...before, stage: 'scaled-out', node_count: 2 });
        },
      ],
      ['has nothing to do right after', () => it.expectUnchanged()],
    ],
  };
}

function takenDown(): Story {
  let it: Deployment;
  return {
    title: 'taken down',
    begin: async () => {
      it = await Deployment.start('prod', { surroundings: SURROUNDINGS });
      it.writeConfig('environments/prod.yaml', prod(...BARE));
    },
    end: () => it.end(),
    steps: [
      [
        'is there, with its lock',
        async () => {
          await it.killCdktf(['deploy', '--auto-approve'], [LOCK]);
          await it.importOnly('azurerm_management_lock', LOCK);
          it.expectStateToMatchAzure();
        },
      ],
      [
        'is destroyed when its file no longer protects it, the lock before what it covers',
        async () => {
          it.writeConfig('environments/prod.yaml', prod(...BARE, UNPROTECTED));
          // The provider watches the link of a zone for 130 seconds after deleting it.
          await it.atPortal('DELETE', `${ZONE}/virtualNetworkLinks/wwi-sensors-prod`);
          const since = it.azure.requests.length;
          const yes = {
            SCALEOUT_ALLOW: [
              'destroy-cluster:wwi-sensors-prod',
              'destroy-resource-group:rg-wwi-sensors-prod',
              'remove-lock:keep',
            ].join(','),
          };
          const destroy = await it.cdktfWith(yes, 'destroy', '--auto-approve');
          expect(destroy.output).toContain('Destroy complete! Resources: 5 destroyed.');
          expect(it.changesSent(since)[0]).toBe('DELETE locks/keep');
          expect(it.idsInAzure()).toEqual([]);
          expect(it.idsInState()).toEqual([]);
        },
      ],
    ],
  };
}

function stateAccount(): Story {
  const group = `${SUBSCRIPTION}/resourceGroups/rg-wwi-terraform`;
  const account = `${group}/providers/Microsoft.Storage/storageAccounts/wwiterraformstate`;
  let it: Deployment;
  return {
    title: 'the account of its state',
    begin: async () => {
      it = await Deployment.start('bootstrap');
      it.writeConfig('bootstrap.yaml', shipped('bootstrap.yaml'));
      it.writeConfig('environments/prod.yaml', shipped('environments/prod.yaml'));
    },
    end: () => it.end(),
    steps: [
      [
        'cdktf deploy bootstrap makes an account without keys, a container and a lock',
        async () => {
          const run = await it.cdktf('deploy', '--auto-approve');
          expect(run.output).toContain('Apply complete! Resources: 4 added, 0 changed, 0 destroyed.');
          expect((await it.atPortal('GET', account)).body.properties).toMatchObject({
            minimumTlsVersion: 'TLS1_2',
            allowBlobPublicAccess: false,
            allowSharedKeyAccess: false,
            supportsHttpsTrafficOnly: true,
          });
          expect(it.changesSent().at(-1)).toBe('PUT locks/terraform-state');
        },
      ],
      ['has nothing to do right after', () => it.expectUnchanged()],
      ['the state holds what is in Azure, and nothing else', () => it.expectStateToMatchAzure()],
      [
        'destroying it is refused, and by the lock as well',
        async () => {
          const since = it.azure.requests.length;
          const destroy = await it.cdktf('destroy', '--auto-approve');
          expect(destroy.exitCode).toBe(3);
          expect(it.changes(since)).toEqual([]);
          const { status, body } = await it.atPortal('DELETE', account);
          expect([status, body.error.code]).toEqual([409, 'ScopeLocked']);
        },
      ],
    ],
  };
}

/** `npx scaleout deploy`, with every question answered yes. */
function scaleoutDeploy(it: Deployment): ReturnType<typeof deploy> {
  const context = {
    reporter: recordingReporter(),
    signal: new AbortController().signal,
    confirm: () => Promise.resolve(true),
  };
  return deploy(context, { name: 'prod', allow: [], environment: it.environment, directory: it.outdir });
}

/** Waits until the cluster is at rest. */
async function ended(it: Deployment): Promise<void> {
  while ((await it.atPortal('GET', CLUSTER)).body.properties['provisioningState'] !== 'Succeeded') {
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Names of the attributes in which a resource differs from what the state had; all of them where it is gone. */
function differences({ before, after }: ResourceChange['change']): string[] {
  return Object.keys(before ?? {}).filter(
    (name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]),
  );
}

const small = (text: string): string => text.toLowerCase();
const inOneLine = (text: string): string => text.replace(/\s+/g, ' ');
