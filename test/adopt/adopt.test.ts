import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { AdoptInput } from '../../scripts/adopt/commands';
import { adopt } from '../../scripts/adopt/commands';
import { silentReporter } from '../../scripts/lib/reporter';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import type { Send } from '../local/azure/arm-client';
import { armClient, azurermVersion } from '../local/azure/arm-client';
import { adoptEnvironment, clusterId, ConfigDirectory, failureOf, groupId, Portal } from './hand-made';

const context = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.resolve(true),
};

describe('adopting a cluster of the stand-in', () => {
  let azure: AzureStandIn;
  let send: Send;
  let portal: Portal;
  let config: ConfigDirectory;
  beforeAll(async () => {
    azure = await startAzureStandIn({ operationMs: 0, newClusters: 'accepted' });
    send = armClient(azure, azurermVersion);
    portal = new Portal(send);
    await portal.cluster('plain');
  });
  afterAll(() => azure.close());
  beforeEach(() => (config = new ConfigDirectory()));
  afterEach(() => config.remove());

  const adopted = (name: string, more: Partial<AdoptInput> = {}) =>
    adopt(context, {
      id: clusterId(name),
      name: 'dev',
      plan: false,
      environment: adoptEnvironment(azure, config),
      ...more,
    });
  const refused = (name: string, more: Partial<AdoptInput> = {}) => failureOf(() => adopted(name, more));
  const isUntouched = (): boolean => readdirSync(path.join(config.path, 'environments')).length === 0;

  it('writes what a person would, and says what it leaves', async () => {
    await portal.cluster('wwi', {}, { owner: 'fleet', 'cost centre': '1042' });
    await portal.rule('wwi', 'office', '203.0.113.8', '203.0.113.15');
    await portal.rule('wwi', 'AllowAllAzureServices', '0.0.0.0');
    await portal.role('wwi', 'app');
    await portal.role('wwi', 'read_only');
    await portal.parameter('wwi', 'coordinatorConfigurations', 'work_mem', '65536');
    await portal.endpoint('wwi');
    await portal.monitoring('wwi');
    await portal.lock(clusterId('wwi'), 'keep');
    await portal.lock(groupId('wwi'), 'freeze', 'ReadOnly');
    const asked = azure.requests.length;

    const { document, text, outcome } = await adopted('wwi');
    expect(outcome).toBe('done');
    expect(config.read('dev')).toBe(`# yaml-language-server: $schema=../schemas/environment.schema.json

# The cluster wwi as npx scaleout adopt found it. The first deploy takes it over and changes nothing.
# Once origin has imported: true, deploys set our tags, and a lock, a vault, monitoring and other settings can be added
# here, each as a change of its own that is reviewed.
name: dev
location: westus2
resourceGroup: rg-wwi
workload: sensors
# Set to true if it is: the audit then holds it to the rules of production.
production: false

cluster:
  name: wwi
  # The cluster that is there. Add imported: true once it is deployed.
  origin:
    adopt: ${clusterId('wwi')}
  postgresVersion: 16
  citusVersion: '12.1'
  # Change to scaled-out to add the workers below. The cluster stays the same one, and there is no way back.
  stage: single-node
  coordinator: { vCores: 4, storageGiB: 512 }
  workers: { count: 2, vCores: 4, storageGiB: 512 }
  coordinatorHoldsShards: true
  highAvailability: false
  # Terraform refuses to destroy it. Azure itself does not yet: that is lockAgainstDeletion.
  protectFromDestroy: true

network:
  access: firewall
  allow:
    - { name: AllowAllAzureServices, from: 0.0.0.0, to: 0.0.0.0 }
    - { name: office, from: 203.0.113.8, to: 203.0.113.15 }

# Their passwords stay as they are: Azure does not tell them, and a deploy does not set them.
roles:
  - { name: app }

parameters:
  coordinator:
    work_mem: '65536'

state:
  backend: local

tags:
  owner: fleet
  cost centre: '1042'
`);
    expect(document).toMatchObject({ written: true, ok: true, planned: false, imports: [], unread: [] });
    expect(document.unmanaged.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'left-out role read_only',
      'endpoint pe-wwi',
      'lock freeze',
      'lock keep',
      'diagnostics to-workspace',
      'alert cpu-high',
    ]);
    expect(document.hardening.map(({ setting }) => setting)).toEqual([
      'tags',
      'network.access',
      'network.allow',
      'cluster.lockAgainstDeletion',
      'keyVault',
      'monitoring',
      'cluster.maintenanceWindow',
    ]);
    expect(text).toContain('the private endpoint pe-wwi, with its address in the DNS zone privatelink');
    expect(text).toContain(
      'the lock freeze (ReadOnly, on rg-wwi): while it stands, no change of the cluster',
    );
    expect(text).toMatch(/Next: npx scaleout deploy dev$/);
    const sent = azure.requests.slice(asked).filter(({ url }) => !url.includes('/oauth2/'));
    expect(new Set(sent.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it('refuses what names no cluster that it can read, and writes nothing', async () => {
    await expect(refused('nowhere')).resolves.toMatchObject({ code: 'adopt.cluster-missing' });
    await expect(refused('plain', { id: `${clusterId('plain')}/roles/app` })).resolves.toMatchObject({
      code: 'adopt.wrong-id',
    });
    const other = { ...adoptEnvironment(azure, config), ARM_SUBSCRIPTION_ID: 'other' };
    await expect(refused('plain', { environment: other })).resolves.toMatchObject({
      code: 'adopt.other-subscription',
    });
    const nobody = { ...adoptEnvironment(azure, config), ARM_CLIENT_SECRET: '', ARM_USE_CLI: 'false' };
    await expect(refused('plain', { environment: nobody })).resolves.toMatchObject({
      code: 'adopt.no-login',
    });
    expect(isUntouched()).toBe(true);
    expect(existsSync(config.file('dev'))).toBe(false);
  });
});
