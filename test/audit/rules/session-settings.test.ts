import { sessionSettings } from '../../../scripts/audit/rules/session-settings';
import { problems, stack } from '../builders';

const COORDINATOR = 'azurerm_cosmosdb_postgresql_coordinator_configuration';
const WORKERS = 'azurerm_cosmosdb_postgresql_node_configuration';

type Values = Readonly<Record<string, string>>;

const found = (coordinator: Values, workers: Values, node_count: number | string = 2): string[] =>
  problems(
    sessionSettings,
    stack('dev', {
      cluster: { node_count },
      resources: Object.fromEntries(
        [[COORDINATOR, coordinator] as const, [WORKERS, workers] as const].flatMap(([type, values]) =>
          Object.entries(values).map(([name, value]) => [`${type}.${name}`, { name, value }]),
        ),
      ),
    }),
  ).map(({ check, message }) => `${check}: ${message}`);

describe('session-settings', () => {
  it.each<[string, Values, Values]>([
    ['nothing is set', {}, {}],
    ['both have the same', { TimeZone: 'Asia/Tokyo' }, { timezone: 'Asia/Tokyo' }],
    ['the one that differs changes no answer', { work_mem: '65536' }, {}],
    ['only an apply knows one of them', { TimeZone: '${var.zone}' }, { TimeZone: 'UTC' }],
  ])('holds where %s', (_, coordinator, workers) => {
    expect(found(coordinator, workers)).toEqual([]);
  });

  it('holds without workers', () => {
    expect(found({ TimeZone: 'Asia/Tokyo' }, {}, 0)).toEqual([]);
  });

  it('finds one that only one side has, and one that differs, once each', () => {
    expect(
      found(
        { TimeZone: 'Asia/Tokyo', search_path: 'app, public' },
        { search_path: 'public', IntervalStyle: 'iso_8601' },
      ),
    ).toEqual([
      expect.stringMatching(
        /^timezone: TimeZone is 'Asia\/Tokyo' for the coordinator and not set for the workers/,
      ),
      expect.stringMatching(
        /^search_path: search_path is 'app, public' for the coordinator and 'public' for the workers/,
      ),
      expect.stringMatching(
        /^intervalstyle: IntervalStyle is 'iso_8601' for the workers and not set for the coordinator.*config\/environments\/dev\.yaml$/,
      ),
    ]);
    expect(found({ TimeZone: 'UTC' }, {}, '${var.workers}')).toHaveLength(1);
  });
});
