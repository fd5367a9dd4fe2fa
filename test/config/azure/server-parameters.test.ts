import {
  parametersNeedingRestart,
  parameterViolations,
  SERVER_PARAMETERS,
} from '../../../config/azure/server-parameters';

const { offered, notOffered } = SERVER_PARAMETERS;
const named = [...offered];
const ranges = named.flatMap(([name, parameter]) =>
  'from' in parameter ? [[name, parameter.from, parameter.to] as const] : [],
);

describe('the list of server parameters', () => {
  test('has none that is not offered', () => {
    expect(offered.size).toBeGreaterThan(150);
    expect([...notOffered.keys()].filter((name) => offered.has(name))).toEqual([]);
  });

  test('has ranges the right way round', () => {
    for (const [, from, to] of ranges) expect(from).toBeLessThan(to);
  });

  test('leaves PgBouncer to the coordinator', () => {
    for (const [name, { coordinatorAlone }] of named) {
      expect([name, coordinatorAlone]).toEqual([name, name.startsWith('pgbouncer.')]);
    }
  });
});

describe('parameterViolations', () => {
  test('passes both ends of a range, every choice and lists of them', () => {
    const passing = [
      ...ranges.flatMap(([name, from, to]) =>
        [from, ...(to === Infinity ? [] : [to])].map((value) => [name, value]),
      ),
      ...named.flatMap(([name, parameter]) =>
        parameter.type === 'choice' ? parameter.values.map((choice) => [name, choice]) : [],
      ),
      ...named.flatMap(([name, { type }]) =>
        type === 'flag' ? ['on', 'off'].map((value) => [name, value]) : [],
      ),
      ['pgaudit.log', 'READ, WRITE'],
      ['TimeZone', 'UTC'],
    ].map(([name, value]) => ({ [String(name)]: String(value) }));
    expect(passing.length).toBeGreaterThan(300);
    expect(passing.flatMap((each) => parameterViolations(each, 'coordinator'))).toEqual([]);
  });

  test('refuses what lies outside a range', () => {
    for (const [name, from, to] of ranges) {
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
