import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AdoptInput } from '../../scripts/adopt/commands';
import { adopt } from '../../scripts/adopt/commands';
import { silentReporter } from '../../scripts/lib/reporter';
import type { AzureStandIn } from '../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../scripts/local/azure/http/server';
import type { Send } from '../local/azure/arm-client';
import { armClient, azurermVersion } from '../local/azure/arm-client';
import {
  adoptEnvironment,
  clusterId,
  ConfigDirectory,
  failureOf,
  groupId,
  Portal,
  surroundingsOf,
} from './hand-made';

const ROOT = path.resolve(__dirname, '../..');
const turn = () => new Promise((done) => setTimeout(done, 5));

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
    azure = await startAzureStandIn({
      surroundings: surroundingsOf('wwi'),
      operationMs: 0,
      newClusters: 'accepted',
    });
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

  it.each<readonly [string, object, RegExp]>([
    [
      'sizes, editions, zone, window and standbys of a cluster with workers',
      {
        nodeCount: 3,
        nodeVCores: 8,
        nodeStorageQuotaInMb: 1_048_576,
        nodeServerEdition: 'MemoryOptimized',
        coordinatorVCores: 8,
        coordinatorServerEdition: 'MemoryOptimized',
        enableShardsOnCoordinator: false,
        enableHa: true,
        preferredPrimaryZone: '2',
        maintenanceWindow: { customWindow: 'Enabled', dayOfWeek: 2, startHour: 4, startMinute: 30 },
      },
      /stage: scaled-out\n {2}coordinator: \{ vCores: 8, storageGiB: 512, edition: MemoryOptimized \}\n {2}workers: \{ count: 3, vCores: 8, storageGiB: 1024 \}\n {2}coordinatorHoldsShards: false\n {2}highAvailability: true\n {2}preferredPrimaryZone: '2'\n {2}maintenanceWindow: \{ day: tuesday, startHour: 4, startMinute: 30 \}/,
    ],
    [
      'a burstable node, which cannot have workers',
      {
        coordinatorVCores: 1,
        coordinatorStorageQuotaInMb: 32_768,
        coordinatorServerEdition: 'BurstableMemoryOptimized',
      },
      /coordinator: \{ vCores: 1, storageGiB: 32, burstable: true \}\n {2}coordinatorHoldsShards/,
    ],
    [
      'closed doors',
      { coordinatorEnablePublicIpAccess: false },
      /network:\n {2}# Public access is off\. .*\n {2}access: private\n\n/,
    ],
    [
      'open doors that nobody goes through',
      { nodeEnablePublicIpAccess: true },
      /access: firewall\n {2}# No rule was found: .*\n {2}allow: \[\]\n {2}# Found so\. .*\n {2}workerPublicAccess: \{ reason: /,
    ],
  ])('writes %s', async (shape, properties, words) => {
    const name = `shape-${shape
      .split(' ')
      .join('-')
      .replace(/[^a-z-]/g, '')
      .slice(0, 20)}x`;
    await portal.cluster(name, properties);
    await adopted(name);
    expect(config.read('dev')).toMatch(words);
    // The file is one that the command itself finds nothing to say of.
    await expect(adopted(name)).resolves.toMatchObject({ document: { written: false, ok: true } });
  });

  it('says why it foresees no workers', async () => {
    await portal.cluster('undersized', { nodeVCores: 0, nodeStorageQuotaInMb: 0 });
    const { text } = await adopted('undersized');
    expect(config.read('dev')).not.toContain('workers');
    expect(text).toContain('the workers: Azure reports 0 vCores and 0 GiB for them, which no worker has');
  });

  it('leaves the roles of a replica to its source, and the rules of closed doors out', async () => {
    await portal.cluster('source');
    await portal.role('source', 'app');
    await portal.put(clusterId('source').replace(/source$/, 'follower'), {
      location: 'westus2',
      properties: { sourceResourceId: clusterId('source'), sourceLocation: 'westus2' },
    });
    const id = clusterId('source').replace(/source$/, 'follower');
    const { document, text } = await adopted('source', { id });
    expect(document.cluster).toMatchObject({ isReplica: true, source: clusterId('source') });
    expect(config.read('dev')).not.toContain('roles:');
    expect(text).toContain('It is a replica of source.');
    const source = await adopted('source', { name: 'source' });
    expect(source.text).toContain('the replica follower, which follows this cluster');
  });

  it('keeps what a shipped sample says beside the cluster', async () => {
    const sample = readFileSync(path.join(ROOT, 'config/environments/dev.yaml'), 'utf8');
    config.write('dev', sample.replace('production: false', 'production: true'));
    const { document, text } = await adopted('plain');
    expect(document.written).toBe(true);
    const file = config.read('dev');
    expect(file).toContain(clusterId('plain'));
    expect(file).toContain('  key: sensors/dev.tfstate');
    expect(file).toContain('production: true');
    expect(text).toContain('workload sensors, as the file before it');
  });

  it('puts the state where this project makes a place for it', async () => {
    cpSync(path.join(ROOT, 'config/bootstrap.yaml'), path.join(config.path, 'bootstrap.yaml'));
    await adopted('plain', { production: true });
    expect(config.read('dev')).toContain(
      'state:\n  backend: azurerm\n  resourceGroup: rg-wwi-terraform\n  storageAccount: wwiterraformstate\n  container: tfstate\n  key: dev.tfstate\n',
    );
  });

  it('compares a file that adopts the cluster already', async () => {
    await adopted('plain', { production: true });
    const written = config.read('dev');
    await expect(adopted('plain')).resolves.toMatchObject({ outcome: 'done', document: { written: false } });
    const id = clusterId('plain');
    try {
      await portal.rule('plain', 'home', '198.51.100.7');
      await portal.role('plain', 'reporting');
      config.write('dev', written.replace('highAvailability: false', 'highAvailability: true'));
      const { code, message, exitCode, details } = await refused('plain');
      expect({ code, exitCode }).toEqual({ code: 'adopt.differs', exitCode: 3 });
      expect(message).toContain('cluster.highAvailability is true in the file and false on the cluster');
      expect(message).toContain(
        'the cluster has the firewall rule home (198.51.100.7 to 198.51.100.7), which the file does not name',
      );
      expect(message).toContain('the cluster has the role reporting (a login), which the file does not name');
      expect(details['differences']).toHaveLength(3);

      config.write('dev', written.replace('location: westus2', 'location: eastus'));
      await expect(refused('plain')).resolves.toMatchObject({
        code: 'adopt.other-region',
        message: expect.stringContaining('plain is in westus2') as string,
      });
      const imported = written
        .replace(`adopt: ${id}`, `adopt: ${id}\n    imported: true`)
        .replace(/^tags:[^]*$/m, 'tags: { owner: trucks, costCentre: c }\n');
      config.write('dev', imported);
      const later = await refused('plain');
      expect(later.code).toBe('adopt.differs');
      expect(later.message).toContain('which the file does not name');
      expect(later.message).toContain('npx scaleout deploy dev takes over');
      expect(later.message).not.toContain('tag');
    } finally {
      await portal.ask('DELETE', `${id}/firewallRules/home`);
      await portal.ask('DELETE', `${id}/roles/reporting`);
      await portal.settled(id);
    }
  });

  it('replaces no file that is about something else, and adopts nothing twice', async () => {
    await adopted('plain');
    const written = config.read('dev');
    await portal.cluster('another');
    await expect(refused('another')).resolves.toMatchObject({
      code: 'adopt.other-cluster',
      exitCode: 3,
      message: expect.stringContaining(`adopts ${clusterId('plain')}, not ${clusterId('another')}`) as string,
    });
    await expect(refused('plain', { name: 'prod' })).resolves.toMatchObject({
      code: 'adopt.adopted-twice',
      message: expect.stringContaining('dev.yaml adopts it already') as string,
    });
    config.write('dev', written.replace(/ {2}# The cluster that is there.*\n.*\n.*\n/, ''));
    await expect(refused('another')).resolves.toMatchObject({
      message: expect.stringContaining('describes the cluster plain') as string,
    });
    await expect(refused('plain', { name: 'prod' })).resolves.toMatchObject({
      code: 'adopt.adopted-twice',
      message: expect.stringContaining('describes a cluster of that name') as string,
    });
    expect(existsSync(config.file('prod'))).toBe(false);
  });

  it.each(['Prod', 'bootstrap', '', 'a/b'])('refuses the name %j of an environment', async (name) => {
    await expect(refused('plain', { name })).resolves.toMatchObject({ code: 'adopt.environment-name' });
  });

  it('takes the workload that the other environments are for, and asks where they differ', async () => {
    const workloads = path.join(config.path, 'workloads');
    cpSync(path.join(workloads, 'sensors'), path.join(workloads, 'others'), { recursive: true });
    await portal.cluster('before');
    await adopted('before', { name: 'before', workload: 'others' });
    const { text } = await adopted('plain');
    expect(config.read('dev')).toContain('workload: others');
    expect(text).toContain('workload others, as the other environments (--workload says otherwise)');
    config.write('dev', config.read('dev').replace('workload: others', 'workload: sensors'));
    await portal.cluster('third');
    await expect(refused('third', { name: 'third' })).resolves.toMatchObject({ code: 'adopt.workload' });
  });

  it('makes the folder of the first environment', async () => {
    rmSync(path.join(config.path, 'environments'), { recursive: true });
    await adopted('plain');
    expect(config.read('dev')).toContain(clusterId('plain'));
  });

  it('asks for a workload where it is not clear', async () => {
    const workloads = path.join(config.path, 'workloads');
    await expect(refused('plain', { workload: 'sensor' })).resolves.toMatchObject({
      code: 'adopt.workload',
      message: expect.stringContaining('(did you mean "sensors"?)') as string,
    });
    cpSync(path.join(workloads, 'sensors'), path.join(workloads, 'others'), { recursive: true });
    await expect(refused('plain')).resolves.toMatchObject({
      code: 'adopt.workload',
      message: expect.stringContaining('add --workload with others or sensors') as string,
    });
    rmSync(workloads, { recursive: true });
    mkdirSync(workloads);
    await expect(refused('plain')).resolves.toMatchObject({
      code: 'adopt.workload',
      message: expect.stringContaining('holds no workload') as string,
    });
    expect(isUntouched()).toBe(true);
  });

  it('says which rules of ours a cluster breaks', async () => {
    const bootstrap = readFileSync(path.join(ROOT, 'config/bootstrap.yaml'), 'utf8');
    writeFileSync(
      path.join(config.path, 'bootstrap.yaml'),
      bootstrap.replace(/^resourceGroup: .*$/m, 'resourceGroup: rg-plain'),
    );
    const { code, message } = await refused('plain', { state: 'local' });
    expect(code).toBe('adopt.unsupported');
    expect(message).toMatch(
      /^plain breaks a rule of this project: resourceGroup is "rg-plain", which bootstrap\.yaml makes/,
    );
    expect(isUntouched()).toBe(true);
  });

  it('takes over public workers beside a coordinator that is closed, as Azure has them', async () => {
    await portal.cluster('odd', { coordinatorEnablePublicIpAccess: false, nodeEnablePublicIpAccess: true });
    await portal.rule('odd', 'office', '203.0.113.8', '203.0.113.15');
    const { document } = await adopted('odd');
    expect(config.read('dev')).toContain('  access: private');
    expect(config.read('dev')).toContain('  workerPublicAccess: { reason: ');
    expect(document.hardening.map(({ setting }) => setting)).toContain('network.workerPublicAccess');
    expect(document.unmanaged.map(({ words }) => words)).toContain(
      'the firewall rule office: the coordinator has no public access, and they let in to workers alone',
    );
    await expect(adopted('odd')).resolves.toMatchObject({ document: { written: false, ok: true } });
  });

  it('writes nothing where another file is wrong', async () => {
    config.write('other', 'name: other\n');
    await expect(adopted('plain')).rejects.toThrow(/other\.yaml:1: location: is missing/);
    expect(existsSync(config.file('dev'))).toBe(false);
  });

  it('waits for nobody who changes the cluster, and writes nothing then', async () => {
    await portal.cluster('busy');
    azure.inject({ path: /busy\/configurations$/, answer: { kind: 'slow', ms: 300 } });
    const reading = refused('busy');
    while (!azure.requests.some(({ url }) => url.includes('/busy/roles?'))) await turn();
    await portal.patch(clusterId('busy'), { properties: { enableHa: true } });
    await expect(reading).resolves.toMatchObject({ code: 'adopt.changed-meanwhile', exitCode: 3 });
    expect(isUntouched()).toBe(true);
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
