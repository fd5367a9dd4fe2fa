import { readFileSync } from 'node:fs';
import { adoptionOf } from '../../../config/environment/adoption';
import { parseCosmosEnvironment, parseEnvironment } from '../../../config/environment/environment';
import { faultsOf } from '../../support/faults';

/** What the file of a cluster that was there before may say, and what the other files may not. */

const FILE = 'config/environments/dev.yaml';
const dev = readFileSync('config/environments/dev.yaml', 'utf8');

/** The sample, which adopts a cluster, with parts replaced. */
function devWith(...changes: readonly (readonly [string | RegExp, string])[]): string {
  return changes.reduce((text, [from, to]) => {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`dev.yaml has no "${String(from)}"`);
    return changed;
  }, dev);
}

const faultsWith = (...changes: readonly (readonly [string | RegExp, string])[]): string[] =>
  faultsOf(() => parseEnvironment(devWith(...changes), FILE)).map((fault) =>
    fault.replace(/^config\/environments\/dev\.yaml:\d+: /, ''),
  );

const ADOPT = /^ {4}adopt: .*$/m;
const ORIGIN = /^ {2}origin:\n(?: {4}.*\n)+/m;
const IMPORTED = [ADOPT, '$&\n    imported: true'] as const;
const ALLOW = /^ {2}allow:\n(?: {4}.*\n)+/m;
const TAGS = /^tags:\n(?: {2}.*\n?)+/m;

describe('a file that adopts a cluster', () => {
  it.each([
    ['is the sample', []],
    ['has no rules', [[ALLOW, '  allow: []\n']]],
    ['lies in a region that this program does not know', [['location: westus2', 'location: marsnorth']]],
    [
      'has rules as wide and as many as the service lets them be',
      [
        [
          ALLOW,
          `  allow:\n    - { name: everybody, from: 0.0.0.0, to: 255.255.255.255 }\n    - { name: AllowAllAzureServices_2024-5-7, from: 0.0.0.0, to: 0.0.0.0 }\n${Array.from(
            { length: 30 },
            (_, index) => `    - { name: rule-${String(index)}, from: 10.0.0.1, to: 10.0.255.255 }\n`,
          ).join('')}`,
        ],
      ],
    ],
    ['has no tags', [[TAGS, 'tags: {}\n']]],
    ['has tags of names that are ours, and empty ones', [[TAGS, 'tags: { environment: test, note: "" }\n']]],
    [
      'leaves the endpoints that are there',
      [[/^ {2}access: firewall\n(?: {2}.*\n)+/m, '  access: private\n']],
    ],
    [
      'has public workers, with the reason',
      [[ALLOW, '$&  workerPublicAccess: { reason: a loader writes to them until June }\n']],
    ],
    [
      'has a retired PostgreSQL',
      [
        ['postgresVersion: 16', 'postgresVersion: 13'],
        ["citusVersion: '12.1'", "citusVersion: '11.3'"],
      ],
    ],
    ['is imported, and has wide rules still', [IMPORTED, ['to: 203.0.113.15', 'to: 203.0.120.15']]],
    ['names the group in other capitals', [['resourceGroup: rg-', 'resourceGroup: RG-']]],
  ] as [string, [string | RegExp, string][]][])('passes where it %s', (_title, changes) => {
    expect(() => parseEnvironment(devWith(...changes), FILE)).not.toThrow();
  });

  it.each([
    [
      'another name than the cluster has',
      [['name: wwi-sensors-dev', 'name: wwi-sensors']],
      ['cluster.name: is "wwi-sensors", and the adopted cluster is "wwi-sensors-dev": write that'],
    ],
    [
      'another group than the cluster lies in',
      [['resourceGroup: rg-wwi-sensors-dev', 'resourceGroup: rg-new']],
      ['resourceGroup: is "rg-new", and the adopted cluster lies in "rg-wwi-sensors-dev": write that'],
    ],
    [
      'the id of something else',
      [[ADOPT, '    adopt: /subscriptions/0/resourceGroups/g/providers/Microsoft.Sql/servers/s']],
      [
        'cluster.origin.adopt: is "/subscriptions/0/resourceGroups/g/providers/Microsoft.Sql/servers/s": it must be the resource id of a cluster, with these capitals: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME',
      ],
    ],
    [
      'imported without a cluster to adopt',
      [[ADOPT, '    imported: true']],
      [
        'cluster.origin: names none of adopt, pointInTime and replicaOf: add one, or remove origin',
        'cluster.origin.imported: is for a cluster that is adopted, and there is no adopt: remove it',
      ],
    ],
    [
      'rules of one name, no address, and the wrong way round',
      [
        [
          ALLOW,
          '  allow:\n    - { name: office, from: 203.0.113.8, to: banana }\n    - { name: Office, from: 203.0.113.8, to: 203.0.113.7 }\n    - { name: a b, from: 203.0.113.8, to: 203.0.113.8 }\n',
        ],
      ],
      [
        'network.allow[0].to: is "banana": it must be an IPv4 address, as in 203.0.113.8',
        'network.allow[1].name: is "Office", the name of an earlier rule: give each its own',
        'network.allow[1].to: is "203.0.113.7", before the start "203.0.113.8": swap the two',
        'network.allow[2].name: is "a b": a rule\'s name has two characters or more, letters, digits, _, . and -, and starts with a letter or digit',
      ],
    ],
    [
      'a reason for a new cluster beside',
      [[ORIGIN, '$&  allowNew: this subscription is on the list of exceptions\n']],
      [
        'cluster.allowNew: is for a cluster that begins empty, and this one has an origin: remove one of the two',
      ],
    ],
    [
      'no tags once it is imported',
      [IMPORTED, [TAGS, 'tags: { environment: test }\n']],
      [
        'tags.owner: is missing: add text of 1 to 256 characters',
        'tags.costCentre: is missing: add text of 1 to 256 characters',
        'tags.environment: is set for every resource and cannot be changed: remove it',
      ],
    ],
  ] as [string, [string | RegExp, string][], string[]][])('is refused with %s', (_title, changes, faults) => {
    expect(faultsWith(...changes).sort()).toEqual(faults.sort());
  });
});

describe('a file of a cluster that begins empty', () => {
  const NEW: readonly [RegExp, string] = [ORIGIN, ''];

  it('is refused with the reason, the date and the ways there are', () => {
    expect(faultsWith(NEW)).toEqual([
      expect.stringMatching(
        /^cluster\.origin: is missing, and Azure refuses new clusters .* since 30 March 2026 \(the service ends on 31 March 2029\): adopt .*, restore one or make a replica of one, or create an elastic cluster .* cluster\.allowNew$/,
      ),
    ]);
  });

  it('passes with a reason of some words', () => {
    const because = (reason: string) => [ORIGIN, `  allowNew: ${reason}\n`] as const;
    const reason = 'this subscription is on the list of exceptions';
    expect(parseCosmosEnvironment(devWith(because(reason)), FILE).cluster.allowNew).toBe(reason);
    expect(faultsWith(because('because'))).toEqual([
      'cluster.allowNew: is "because", 7 characters long: it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when',
    ]);
  });

  it('has to be narrow, tagged and in a subnet as ever', () => {
    const allowed = [ORIGIN, '  allowNew: this subscription is on the list of exceptions\n'] as const;
    expect(faultsWith(allowed, ['to: 203.0.113.15', 'to: 203.0.120.15'])).toHaveLength(1);
    expect(faultsWith(allowed, [TAGS, 'tags: {}\n'])).toHaveLength(2);
    expect(faultsWith(allowed, [/^ {2}access: firewall\n(?: {2}.*\n)+/m, '  access: private\n'])).toEqual([
      'network.subnetId: is missing: add the resource id of the subnet of the private endpoint',
    ]);
  });
});

test.each([
  [undefined, 'none'],
  [{ replicaOf: {} }, 'none'],
  [{ adopt: '/x' }, 'adopting'],
  [{ adopt: '/x', imported: false }, 'adopting'],
  [{ adopt: '/x', imported: true }, 'adopted'],
])('%j is %s', (origin, adoption) => {
  expect(adoptionOf(origin)).toBe(adoption);
});
