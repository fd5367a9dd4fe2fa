import { silentReporter } from '../../scripts/lib/reporter';
import { localRun } from '../../scripts/local/commands';
import type { LocalRunInput } from '../../scripts/local/commands';

/** Without engines: whatever gets past its input ends there. */
const run = (input: LocalRunInput): Promise<unknown> =>
  localRun(
    {
      reporter: silentReporter,
      signal: new AbortController().signal,
      confirm: () => Promise.resolve(true),
    },
    { rows: 10, ...input },
    { engines: [], environment: {}, stateDirectory: '/nowhere' },
  );

test.each<[string, LocalRunInput, string]>([
  [
    'a service without Terraform',
    { service: 'elastic-cluster' },
    '--service elastic-cluster is for a cluster that Terraform creates: add --terraform; nothing was started',
  ],
  [
    'an elastic cluster of a year in which others could be created',
    { service: 'elastic-cluster', terraform: true, azure: '2025' },
    '--azure 2025 is for a new cluster of cosmosdb-postgresql, and Azure creates an elastic-cluster today: leave --azure or --service out; nothing was started',
  ],
  [
    'a year without Terraform',
    { azure: '2025' },
    '--azure 2025 is for a cluster that Terraform creates: add --terraform; nothing was started',
  ],
  [
    'Terraform on a cluster that is there',
    { service: 'elastic-cluster', terraform: true, engine: 'citus-url' },
    'Terraform makes the cluster it deploys, and the one of CITUS_URL is there already: leave --terraform or --engine out; nothing was started',
  ],
  ...(['embedded', 'docker'] as const).flatMap((engine) =>
    [true, false].map((terraform): [string, LocalRunInput, string] => [
      `an elastic cluster on ${engine}, Terraform ${terraform ? 'named' : 'left out'}`,
      { service: 'elastic-cluster', terraform, engine },
      `--engine ${engine} has no elastic cluster, which is PostgreSQL with Citus of this machine that Terraform creates: leave --engine out, or name native, with --terraform; nothing was started`,
    ]),
  ),
  [
    'a service that there is not',
    { service: 'hyperscale', terraform: true },
    'there is no service hyperscale here: it is cosmosdb-postgresql or elastic-cluster',
  ],
  [
    'a workload without data',
    {
      workload: {
        name: 'own',
        directory: '/',
        schemaFile: 's',
        schemaSql: '',
        distribution: { shardCount: 4, online: true, tables: [] },
        queries: [],
      },
    },
    'nobody generates data for the workload "own": there is data for sensors, payments, payments-partitioned (scripts/local/workloads). `local up --empty --workload own` makes its tables, `local up --sql FILE` loads a dump of yours; nothing was started',
  ],
  ['a year that there is not', { azure: '1999' }, 'there is no Azure of 1999 here: it is today or 2025'],
])('refused before anything is started: %s', async (_, input, words) => {
  await expect(run(input)).rejects.toThrow(words);
});
