import {
  CHOICES,
  COORDINATOR_ALONE,
  DECIMALS,
  FLAGS,
  INTEGERS,
  LAST_VERSION,
  LISTS,
  NOT_OFFERED,
  READ_AT_START,
  TEXTS,
} from '../../../config/azure/server-parameter-list';
import { parametersNeedingRestart, parameterViolations } from '../../../config/azure/server-parameters';

const tables = [FLAGS, ...[INTEGERS, DECIMALS, CHOICES, LISTS].map((table) => Object.keys(table)), TEXTS];
const names = tables.flat();

describe('the list of server parameters', () => {
  test('has each name once, and none that is not offered', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => Object.hasOwn(NOT_OFFERED, name))).toEqual([]);
  });

  test('says nothing of names it does not have', () => {
    expect(names).toEqual(expect.arrayContaining([...READ_AT_START, ...Object.keys(LAST_VERSION)]));
    for (const start of COORDINATOR_ALONE) expect(names.some((name) => name.startsWith(start))).toBe(true);
  });

  test('has ranges the right way round', () => {
    for (const [from, to] of Object.values({ ...INTEGERS, ...DECIMALS })) expect(from).toBeLessThan(to);
  });
});

describe('parameterViolations', () => {
  test('passes both ends of a range, every choice and lists of them', () => {
    const passing = [
      ...Object.entries(INTEGERS).flatMap(([name, [from, to]]) => [from, to].map((value) => [name, value])),
      ...Object.entries(DECIMALS).map(([name, [from]]) => [name, from]),
      ...Object.entries(CHOICES).flatMap(([name, choices]) => choices.map((choice) => [name, choice])),
      ...FLAGS.flatMap((name) => ['on', 'off'].map((value) => [name, value])),
      ['pgaudit.log', 'READ, WRITE'],
      ['TimeZone', 'UTC'],
    ].map(([name, value]) => ({ [String(name)]: String(value) }));
    expect(passing.flatMap((each) => parameterViolations(each, 'coordinator'))).toEqual([]);
  });

  test.each([
    ['INTEGERS', INTEGERS],
    ['DECIMALS', DECIMALS],
  ])('refuses what lies outside a range of %s', (_title, table) => {
    for (const [name, [from, to]] of Object.entries(table)) {
      const outside = [from - 1, ...(to === Infinity ? [] : [to + 1])];
      for (const value of outside) {
        expect(parameterViolations({ [name]: String(value) }, 'coordinator')).toMatchObject([{ at: [name] }]);
      }
    }
  });

  test.each(['+1', '01', '1e3', '0x10', ' 1', '1 ', '', '1.0', '-0'])(
    'refuses %j, which the service would give back otherwise',
    (value) => {
      expect(parameterViolations({ log_temp_files: value }, 'workers')).toHaveLength(1);
    },
  );

  test('asks for the version where one is known', () => {
    const old = { force_parallel_mode: 'on' };
    expect(parameterViolations(old, 'workers')).toEqual([]);
    expect(parameterViolations(old, 'workers', 15)).toEqual([]);
    expect(parameterViolations(old, 'workers', 16)).toHaveLength(1);
  });

  test('takes a slip for what was meant, also where that is not offered', () => {
    const [violation] = parameterViolations({ max_connection: '300' }, 'coordinator');
    expect(violation?.problem).toContain('(did you mean "max_connections"?)');
  });

  test.each(['__proto__', 'constructor', 'toString'])('is not taken in by the name %s', (name) => {
    const parameters = Object.fromEntries([[name, 'on']]);
    const [violation] = parameterViolations(parameters, 'coordinator');
    expect(violation?.problem).toContain('is no parameter');
  });
});

test('parametersNeedingRestart names those that PostgreSQL reads when it starts', () => {
  expect(parametersNeedingRestart(['work_mem', 'citus.stat_statements_max'])).toEqual([
    'citus.stat_statements_max',
  ]);
});
