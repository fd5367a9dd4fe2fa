import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadBootstrap, parseBootstrap } from '../../../config/environment/bootstrap';
import { loadConfig } from '../../../config/environment/environment';
import { REPLICATION_DEFAULT } from '../../../config/azure/state-storage';
import { faultsOf } from '../../support/faults';

const FILE = 'config/bootstrap.yaml';
const shipped = readFileSync(FILE, 'utf8');

describe('parseBootstrap', () => {
  test('reads the file of this project, which every environment of it agrees with', () => {
    const { bootstrap, environments } = loadConfig();
    expect(bootstrap).toMatchObject({ storageAccount: 'wwiterraformstate', containers: ['tfstate'] });
    expect(environments.length).toBeGreaterThan(1);
    for (const { state } of environments) {
      expect(state).toMatchObject({ storageAccount: 'wwiterraformstate', container: 'tfstate' });
    }
  });

  test('keeps copies in another region where nothing is said', () => {
    const text = shipped.replace(/^replication: .*\n/m, '');
    expect(text).not.toBe(shipped);
    expect(parseBootstrap(text, FILE).replication).toBe(REPLICATION_DEFAULT);
  });

  test('shows every fault at once', () => {
    const text = `
location: West US 2
resourceGroup: rg.
storageAccount: Wwi-State
containers: [tfstate, tfstate, State]
allow: [10.0.0.1, 203.0.113.8/8]
replication: RAID
tags: { owner: a, costCentre: b, Environment: prod }
sku: x
`;
    expect(faultsOf(() => parseBootstrap(text, FILE))).toMatchInlineSnapshot(`
      [
        "config/bootstrap.yaml:2: location: is "West US 2": it must be a region as Azure's tools write it, as in westus2 (did you mean "westus2"?)",
        "config/bootstrap.yaml:3: resourceGroup: is "rg.": it must be the name of a resource group: 1 to 90 letters, digits, _, -, ( ), and dots except at the end",
        "config/bootstrap.yaml:4: storageAccount: is "Wwi-State": it must be the name of a storage account: 3 to 24 lowercase letters and digits, unique on all of Azure",
        "config/bootstrap.yaml:5: containers[1]: is "tfstate", which is listed before: remove it",
        "config/bootstrap.yaml:5: containers[2]: is "State": it must be the name of a container: 3 to 63 lowercase letters, digits and single hyphens, with no hyphen at either end",
        "config/bootstrap.yaml:6: allow[0]: is "10.0.0.1", which never reaches a public endpoint: write the public address the network goes out with, or come in through a private network",
        "config/bootstrap.yaml:6: allow[1]: is "203.0.113.8/8", which makes 16777216 addresses: 256 is the most, so name the ranges you really use, or come in through a private network",
        "config/bootstrap.yaml:7: replication: is "RAID": it must be LRS, ZRS, GRS, GZRS, RAGRS or RAGZRS",
        "config/bootstrap.yaml:8: tags.Environment: is set for every resource and cannot be changed: remove it",
        "config/bootstrap.yaml:9: sku: unknown key: the keys here are location, resourceGroup, storageAccount, containers, allow, replication and tags",
      ]
    `);
  });

  test('refuses an account that nobody reaches, and one without containers', () => {
    const text = shipped.replace(/^allow: .*$/m, 'allow: []').replace(/^containers: .*$/m, 'containers: []');
    expect(faultsOf(() => parseBootstrap(text, FILE))).toEqual([
      expect.stringContaining(
        'containers: is []: it must be a list of one container or more, as in [tfstate]',
      ),
      expect.stringContaining('allow: is []: it must be a list of one address or more'),
    ]);
  });
});

describe('bootstrap.yaml beside the environments', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'scaleout-bootstrap-'));
    cpSync('config/environments', path.join(directory, 'environments'), { recursive: true });
    cpSync('config/workloads', path.join(directory, 'workloads'), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const write = (...changes: readonly (readonly [string, string])[]): void =>
    writeFileSync(
      path.join(directory, 'bootstrap.yaml'),
      changes.reduce((text, [from, to]) => text.replace(from, to), shipped),
    );
  const faults = (): string[] =>
    faultsOf(() => loadConfig(directory)).map((fault) => fault.replace(/^.*\/(?=\w+\.yaml:)/, ''));

  test('can be absent: then the states may lie anywhere', () => {
    expect(loadBootstrap(directory)).toBeUndefined();
    expect(loadConfig(directory)).not.toHaveProperty('bootstrap');
  });

  test('holds every state to the account it makes', () => {
    write(['storageAccount: wwiterraformstate', 'storageAccount: otherstate'], ['[tfstate]', '[a11, b22]']);
    const of = (name: string): unknown[] => [
      expect.stringMatching(
        new RegExp(
          `^${name}\\.yaml:\\d+: state\\.storageAccount: is "wwiterraformstate", and bootstrap\\.yaml makes "otherstate": write that, or change bootstrap\\.yaml$`,
        ),
      ),
      expect.stringMatching(
        new RegExp(
          `^${name}\\.yaml:\\d+: state\\.container: is "tfstate", and bootstrap\\.yaml lists no such container: write a11 or b22, or add it there$`,
        ),
      ),
    ];
    expect(faults()).toEqual([...of('dev'), ...of('prod')]);
  });

  test('takes a resource group that no environment creates again', () => {
    write(['resourceGroup: rg-wwi-terraform', 'resourceGroup: RG-wwi-sensors-dev']);
    expect(faults()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^dev\.yaml:\d+: resourceGroup: is "rg-wwi-sensors-dev", which bootstrap\.yaml makes/,
        ),
        expect.stringMatching(
          /^prod\.yaml:\d+: state\.resourceGroup: is "rg-wwi-terraform", and bootstrap\.yaml makes/,
        ),
      ]),
    );
  });

  test('has its faults told with those of the environments', () => {
    write(['location: westus2', 'location: West US']);
    const file = path.join(directory, 'environments', 'dev.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('count: 2', 'count: 1'));
    expect(faults()).toEqual([
      expect.stringMatching(/^bootstrap\.yaml:\d+: location: /),
      expect.stringMatching(/^dev\.yaml:\d+: cluster\.workers\.count: /),
    ]);
  });

  test('leaves a state on this machine alone', () => {
    write();
    const file = path.join(directory, 'environments', 'dev.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/state:\n(?: .*\n)+/, 'state: { backend: local }\n'),
    );
    expect(loadConfig(directory).environments[0]?.state).toEqual({ backend: 'local' });
  });

  test('has a name that no environment can have', () => {
    const file = path.join(directory, 'environments', 'dev.yaml');
    const text = readFileSync(file, 'utf8').replace('name: dev\n', 'name: bootstrap\n');
    rmSync(file);
    writeFileSync(path.join(directory, 'environments', 'bootstrap.yaml'), text);
    expect(faults()).toEqual([
      'bootstrap.yaml:3: name: is "bootstrap", the stack of bootstrap.yaml: choose another name',
    ]);
  });
});
