import { supportedVersions } from '../../../scripts/audit/rules/supported-versions';
import { bootstrapStack, facts, problems, reasoned, stack, status } from '../builders';

function on(today: string): ReturnType<typeof facts> {
  return { ...facts('dev'), today };
}

describe('supported-versions', () => {
  it.each(['14', '15', '16', 16])('holds for PostgreSQL %s while it is supported', (sql_version) => {
    expect(status(supportedVersions, stack('dev', { cluster: { sql_version } }), on('2026-01-01'))).toBe(
      'compliant',
    );
  });

  it.each([
    ['2026-05-15', []],
    ['2026-05-16', [{ level: 'warning', message: expect.stringContaining('180 days from now') as string }]],
    ['2026-11-12', [{ level: 'warning', message: expect.stringContaining('0 days from now') as string }]],
    ['2026-11-13', [{ message: expect.stringContaining('out of support since 2026-11-12') as string }]],
  ])('judges PostgreSQL 14, which ends on 2026-11-12, against the day %s', (today, expected) => {
    const found = problems(supportedVersions, stack('dev', { cluster: { sql_version: '14' } }), on(today));
    expect(found).toEqual(expected.map((each) => expect.objectContaining(each) as object));
  });

  it.each([
    [
      'an old major',
      { sql_version: '13', citus_version: '11.3' },
      /13 has been out of support since 2025-11-13/,
    ],
    [
      'a major that is not offered',
      { sql_version: '17' },
      /sql_version is 17, which the service does not offer: it knows 15, 16/,
    ],
    ['no major', { sql_version: undefined }, /sql_version is not set/],
    ['a token for a major', { sql_version: '${var.pg}' }, /sql_version is \$\{var\.pg\}/],
    [
      'a pair that is not offered',
      { citus_version: '11.3' },
      /citus_version is 11\.3: with PostgreSQL 16 .* Citus 12\.1/,
    ],
    ['no Citus', { citus_version: undefined }, /citus_version is not set/],
    ['a token for Citus', { citus_version: '${var.c}' }, /citus_version is \$\{var\.c\}/],
  ])('finds %s', (_, cluster, message) => {
    const found = problems(supportedVersions, stack('dev', { cluster }), on('2026-03-01'));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });
});

describe('the notes of supported-versions', () => {
  const notes = (judged: ReturnType<typeof stack>, today = '2026-11-30'): string[] =>
    (supportedVersions.check(judged, on(today)).notes ?? []).map(
      ({ check, message }) => `${check}: ${message}`,
    );

  it.each([
    ['2026-11-30', /^service-ends: .* ends in 852 days, on 2029-03-31, whatever the version: plan the move/],
    ['2029-04-01', /^service-ends: .* ended, on 2029-03-31/],
  ])('name the end of the service, on %s', (today, expected) => {
    expect(notes(stack('dev'), today)).toEqual([expect.stringMatching(expected)]);
  });

  it('repeat why a cluster may begin empty', () => {
    const reason = 'The subscription has an exception until the end of next year.';
    const path = 'dev/cluster';
    const reasons = stack('dev', { cluster: reasoned(path, { allowNew: reason }) });
    expect(notes(reasons)[1]).toBe(
      `new-cluster: Azure refuses new clusters of this service since 2026-03-30, and this one has no origin. The reason given: "${reason}"`,
    );
  });

  it('leave the verdict as it is, and are none without a cluster', () => {
    expect(status(supportedVersions, stack('dev'))).toBe('compliant');
    expect(notes(bootstrapStack())).toEqual([]);
  });
});
