import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Story } from '../support/stories';
import { tellAtOnce } from '../support/stories';
import type { ResourceChange } from '../support/terraform-deployment';
import { azureSuite } from '../support/lanes';
import { Deployment, PASSWORD, SUBSCRIPTION } from '../support/terraform-deployment';

/**
 * The first half of the journey, as a person types it, with the real Terraform and the real azurerm provider against
 * a stand-in for Azure: deploy a single node, scale that same cluster out, and everything Terraform says in between.
 * Beside it the same deploy on a bad day.
 *
 * Most of the time is the provider's own: it watches a new resource group for 20 seconds.
 */

const LIMIT = 240_000;
const GROUP = `${SUBSCRIPTION}/resourceGroups/rg-wwi-sensors-dev`;
const CLUSTER = `${GROUP}/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi-sensors-dev`;
const FILE = 'environments/dev.yaml';

azureSuite('cdktf deploy against a stand-in for Azure', () => {
  tellAtOnce(LIMIT, [journey(), badDay()]);
});

const environmentAt = (stage: 'single-node' | 'scaled-out'): string => `
name: dev
location: westus2
resourceGroup: rg-wwi-sensors-dev
workload: sensors
production: false
cluster:
  name: wwi-sensors-dev
  allowNew: the clusters of these tests begin empty
  postgresVersion: 16
  citusVersion: '12.1'
  stage: ${stage}
  coordinator: { vCores: 4, storageGiB: 512 }
  workers: { count: 2, vCores: 4, storageGiB: 512 }
  coordinatorHoldsShards: true
  highAvailability: false
  maintenanceWindow: { day: sunday, startHour: 3, startMinute: 0 }
network:
  access: firewall
  allow:
    - { name: office, from: 203.0.113.8, to: 203.0.113.15 }
    - { name: pipeline, from: 198.51.100.4, to: 198.51.100.4 }
state: { backend: local }
tags: { owner: sensors-platform, costCentre: wwi-1042 }
`;

function journey(): Story {
  let it: Deployment;
  return {
    title: 'from a single node to workers',
    begin: async () => {
      it = await Deployment.start('dev');
      it.writeConfig(FILE, environmentAt('single-node'));
    },
    end: () => it.end(),
    steps: [
      [
        'cdktf diff shows a resource group, a cluster and its firewall rules, and sends nothing',
        async () => {
          const diff = await it.cdktf('diff');
          expect(diff.output).toContain('Plan: 4 to add, 0 to change, 0 to destroy.');
          expect(diff.exitCode).toBe(0);
          expect((await it.plannedChanges()).map(({ type, change }) => [type, change.actions])).toEqual([
            ['azurerm_cosmosdb_postgresql_cluster', ['create']],
            ['azurerm_cosmosdb_postgresql_firewall_rule', ['create']],
            ['azurerm_cosmosdb_postgresql_firewall_rule', ['create']],
            ['azurerm_resource_group', ['create']],
          ]);
          expect(it.changes()).toEqual([]);
        },
      ],
      [
        'cdktf deploy creates a single node, every secure setting said aloud',
        async () => {
          const deploy = await it.cdktf('deploy', '--auto-approve');
          expect(deploy.output).toContain('Apply complete! Resources: 4 added, 0 changed, 0 destroyed.');
          expect(deploy.exitCode).toBe(0);
          expect(it.changesSent()).toEqual([
            'PUT resourceGroups/rg-wwi-sensors-dev',
            'PUT serverGroupsv2/wwi-sensors-dev',
            'PUT firewallRules/office',
            'PUT firewallRules/pipeline',
          ]);
          expect(it.changes().map(({ body }) => body)).toMatchObject([
            { location: 'westus2' },
            {
              location: 'westus2',
              properties: {
                nodeCount: 0,
                coordinatorVCores: 4,
                coordinatorStorageQuotaInMb: 524_288,
                enableShardsOnCoordinator: true,
                enableHa: false,
                nodeEnablePublicIpAccess: false,
                postgresqlVersion: '16',
                citusVersion: '12.1',
              },
            },
            { properties: { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' } },
            { properties: { startIpAddress: '198.51.100.4', endIpAddress: '198.51.100.4' } },
          ]);
          expect(await it.outputs()).toMatchObject({
            cluster_id: CLUSTER,
            coordinator_fqdn: expect.stringMatching(
              /^c-wwi-sensors-dev\.[0-9a-z]{14}\.postgres\.cosmos\.azure\.com$/,
            ) as string,
            port: 5432,
            database: 'citus',
            login: 'citus',
            stage: 'single-node',
            node_count: 0,
          });
        },
      ],
      ['has nothing to do right after', () => it.expectUnchanged()],
      [
        'plans the other stage as one update in place, of the node count alone',
        async () => {
          it.writeConfig(FILE, environmentAt('scaled-out'));
          const diff = await it.cdktf('diff');
          expect(diff.output).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
          const changes = await it.plannedChanges();
          expect(changes).toHaveLength(1);
          const [{ type, change }] = changes as [ResourceChange];
          expect([type, change.actions]).toEqual(['azurerm_cosmosdb_postgresql_cluster', ['update']]);
          const { before, after } = change;
          expect(after).toEqual({ ...before, node_count: 2 });
        },
      ],
      [
        'cdktf deploy sends that one change, and the coordinator keeps its name',
        async () => {
          const before = await it.outputs();
          const since = it.azure.requests.length;
          const deploy = await it.cdktf('deploy', '--auto-approve');
          expect(deploy.output).toContain('Apply complete! Resources: 0 added, 1 changed, 0 destroyed.');
          expect(it.changesSent(since)).toEqual(['PATCH serverGroupsv2/wwi-sensors-dev']);
          expect(it.changes(since)).toMatchObject([{ body: { properties: { nodeCount: 2 } } }]);
          expect(it.changes(since)[0]?.body).toEqual({ properties: { nodeCount: 2 } });
          expect(await it.outputs()).toEqual({ ...before, stage: 'scaled-out', node_count: 2 });
        },
      ],
      ['has nothing to do right after that either', () => it.expectUnchanged()],
      ['the state holds what is in Azure, and nothing else', () => it.expectStateToMatchAzure()],
      [
        'refuses to destroy the cluster while it is protected, and so does Terraform alone',
        async () => {
          const since = it.azure.requests.length;
          const destroy = await it.cdktf('destroy', '--auto-approve');
          expect(destroy.exitCode).toBe(3);
          expect(inOneLine(destroy.output)).toContain('is protected from being destroyed, and nothing was');
          const plan = await it.terraform('plan', '-destroy', '-input=false', '-no-color');
          expect(plan.exitCode).toBe(1);
          expect(plan.output).toContain('Instance cannot be destroyed');
          expect(it.changes(since)).toEqual([]);
        },
      ],
      [
        'shows what somebody changed past Terraform',
        async () => {
          expect((await it.atPortal('PATCH', CLUSTER, { properties: { enableHa: true } })).status).toBe(202);
          const plan = await it.terraform('plan', '-detailed-exitcode', '-input=false', '-out=drift');
          expect(plan.exitCode).toBe(2);
          const { resource_drift: drift } = await it.showPlan('drift');
          expect(
            drift?.map(({ change }) => [change.before?.['ha_enabled'], change.after?.['ha_enabled']]),
          ).toEqual([[false, true]]);
        },
      ],
      [
        'refuses the way back before anything is sent, as Azure would after that, and the workers stay',
        async () => {
          it.writeConfig(FILE, environmentAt('single-node'));
          const since = it.azure.requests.length;
          const deploy = await it.cdktf('deploy', '--auto-approve');
          expect(deploy.exitCode).toBe(3);
          expect(deploy.output).toContain('back-to-one-node:wwi-sensors-dev');
          expect(it.changes(since)).toEqual([]);
          const apply = await it.terraform('apply', '-auto-approve', '-input=false', '-no-color');
          expect(apply.exitCode).toBe(1);
          expect(inOneLine(apply.output)).toContain('Node count cannot be decreased from 2 to 0.');
          const { properties } = (await it.atPortal('GET', CLUSTER)).body;
          expect(properties).toMatchObject({ nodeCount: 2, state: 'Ready' });
        },
      ],
      [
        'keeps the password out of everything but the state and the plan files',
        () => {
          expect(it.typesInStateWith(PASSWORD)).toEqual(['azurerm_cosmosdb_postgresql_cluster']);
          it.expectKeptSecret(PASSWORD);
        },
      ],
    ],
  };
}

/** Each time a paragraph that says what is wrong; the command that is typed again stays the same. */
function badDay(): Story {
  const taken = ['wwi-sensors-dev'];
  let it: Deployment;
  const deploy = (variables: NodeJS.ProcessEnv = {}, ...flags: string[]) =>
    it.cdktfWith(variables, 'deploy', '--auto-approve', ...flags);
  /** That it fails with a paragraph, without a stack trace, and that the state knows all that was done. */
  const fails = async (reason: RegExp, variables: NodeJS.ProcessEnv = {}, ...flags: string[]) => {
    const { exitCode, output } = await deploy(variables, ...flags);
    expect(output.split('\n').filter((line) => reason.test(line))).toHaveLength(1);
    expect(output).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
    expect(exitCode).toBe(1);
    it.expectStateToMatchAzure();
  };
  return {
    title: 'on a bad day',
    begin: async () => {
      it = await Deployment.start('dev', { takenNames: taken });
      it.writeConfig(FILE, environmentAt('single-node'));
    },
    end: () => it.end(),
    steps: [
      [
        'the plugin cannot be downloaded',
        async () => {
          const mirror = path.join(it.home, 'empty-mirror');
          mkdirSync(mirror);
          const file = path.join(it.home, 'empty.tfrc');
          writeFileSync(file, `provider_installation {\n  filesystem_mirror { path = "${mirror}" }\n}\n`);
          await fails(
            /the azurerm plugin cannot be downloaded: .*registry\.terraform\.io reachable from here/,
            {
              TF_CLI_CONFIG_FILE: file,
              TF_PLUGIN_CACHE_DIR: undefined,
            },
          );
        },
      ],
      [
        'Terraform is of another version than the stack takes',
        async () => {
          const stack = path.join(it.stack, 'cdk.tf.json');
          const app = `node -r ts-node/register stacks/main.ts && sed -i 's/>= 1.9.0, < 2.0.0/= 1.9.0/' ${stack}`;
          await fails(
            /Terraform \d+\.\d+\.\d+ is not one this project runs on: install the version that \.terraform-version names/,
            {},
            '--app',
            app,
          );
        },
      ],
      [
        'there is no login',
        () =>
          fails(/there is no login to Azure here: run az login, or set ARM_CLIENT_ID/, {
            ARM_CLIENT_ID: undefined,
            ARM_CLIENT_SECRET: undefined,
          }),
      ],
      [
        'somebody else has the name of the cluster',
        async () => {
          await fails(
            /somebody else has the name \(azurerm_cosmosdb_postgresql_cluster\.\w+\); Azure says ServerGroupNameNotAvailable: [^.]+\. Choose another one in \S*config\/environments\/dev\.yaml/,
          );
          taken.pop();
        },
      ],
      [
        'Azure accepts the cluster and gives it up',
        async () => {
          it.azure.inject({
            method: 'PUT',
            path: /serverGroupsv2\/[^/]+$/,
            answer: { kind: 'operationFails', message: 'There is no room.' },
          });
          await fails(
            /Azure accepted the change and then gave it up \(azurerm_cosmosdb_postgresql_cluster\.\w+\): There is no room\. What was done before is in the state\. Run the same command again/,
          );
        },
      ],
      [
        'it is slow, throttles, fails for a moment, and somebody else is at work on the cluster',
        async () => {
          it.azure.inject({
            method: 'PUT',
            path: /serverGroupsv2\/[^/]+$/,
            answer: { kind: 'slow', ms: 4000 },
          });
          it.azure.inject({ method: 'PUT', path: /firewallRules\/office$/, answer: { kind: 'throttled' } });
          it.azure.inject({ method: 'GET', path: /firewallRules\/office$/, answer: { kind: 'failed' } });
          it.azure.inject({ method: 'PUT', path: /firewallRules\/pipeline$/, answer: { kind: 'conflict' } });
          await fails(
            /another operation is under way in Azure \(azurerm_cosmosdb_postgresql_firewall_rule\.\w+\): Conflict: [^.]+\. Nothing is lost; wait until it has ended and run the same command again/,
          );
          expect(it.azure.requests.map(({ status }) => status)).toEqual(
            expect.arrayContaining([409, 429, 500]),
          );
        },
      ],
      [
        'the same command finishes the job, and once more there is nothing to do',
        async () => {
          const since = it.azure.requests.length;
          const { output } = await deploy();
          expect(output).toContain('Apply complete! Resources: 1 added, 0 changed, 0 destroyed.');
          expect(it.changesSent(since)).toEqual(['PUT firewallRules/pipeline']);
          it.expectStateToMatchAzure();
          await it.expectUnchanged();
        },
      ],
    ],
  };
}

const inOneLine = (text: string): string => text.replace(/[│╷╵\s]+/g, ' ');
