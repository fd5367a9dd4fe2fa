import { readAllowanceId } from '../../../config/workload/allowances';
import { parseDistribution } from '../../../config/workload/distribution';
import type { Allowance } from '../../../config/workload/distribution-types';
import { faultsOf } from '../../support/faults';

const TABLES = 'tables: { events: { distributeBy: id } }\n';
const parse = (allow: string): readonly Allowance[] | undefined =>
  parseDistribution(`${TABLES}${allow}`, 'distribution.yaml').allow;
const REASON = 'agreed with support until the copy is done';

describe('allow in distribution.yaml', () => {
  test('names findings by their ids, each with a reason', () => {
    expect(
      parse(`allow:
  - id: forced-policy-window:ledger_lines
    reason: '  ${REASON} '
  - { id: 'view-will-fail:"Odd.Name"', reason: ${REASON} }
`),
    ).toEqual([
      { id: 'forced-policy-window:ledger_lines', reason: REASON },
      { id: 'view-will-fail:"Odd.Name"', reason: REASON },
    ]);
  });

  test.each(['', 'allow: []'])('is absent where nothing is allowed: %s', (allow) => {
    expect(parse(allow)).toBeUndefined();
  });

  test('shows every fault at once', () => {
    expect(
      faultsOf(() =>
        parse(`allow:
  - { id: ledger_lines, reason: ${REASON} }
  - { id: 'view-will-fail:spent', reason: short }
  - { id: 'view-will-fail:spent', reason: ${REASON} }
  - { reason: also short }
  - { id: 7, reason: ${REASON}, until: 2027-01-31 }
  - view-will-fail:spent
  - { id: 'view-will-fail:other', reason: "on two\\nlines, and long enough for a reason" }
  - { id: 'view-will-fail: ' , reason: ${'x'.repeat(301)} }
  - { id: 'view-will-fail:last' }
`),
      ),
    ).toMatchInlineSnapshot(`
      [
        "distribution.yaml:3: allow[0].id: "ledger_lines" is no id of a finding: write kind:subject as \`tables plan\` prints it, as in forced-policy-window:ledger_lines",
        "distribution.yaml:4: allow[1].reason: is "short", 5 characters long: it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when",
        "distribution.yaml:5: allow[2].id: "view-will-fail:spent" is allowed by allow[1] already: keep one of the two",
        "distribution.yaml:6: allow[3].id: is missing: add the id of a finding, as in forced-policy-window:ledger_lines",
        "distribution.yaml:6: allow[3].reason: is "also short", 10 characters long: it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when",
        "distribution.yaml:7: allow[4].id: is 7: it must be the id of a finding, as in forced-policy-window:ledger_lines",
        "distribution.yaml:7: allow[4].until: unknown key: the keys here are id and reason",
        "distribution.yaml:8: allow[5]: is "view-will-fail:spent": it must be an allowance, as in { id: forced-policy-window:ledger_lines, reason: "..." }",
        "distribution.yaml:9: allow[6].reason: is "on two\\nlines, and long enough for a reason": it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when",
        "distribution.yaml:10: allow[7].id: "view-will-fail: " is no id of a finding: write kind:subject as \`tables plan\` prints it, as in forced-policy-window:ledger_lines",
        "distribution.yaml:10: allow[7].reason: is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..., 301 characters long: it must be one line of 20 to 300 characters for the auditor: who needs it, why, and until when",
        "distribution.yaml:11: allow[8].reason: is missing: add one line of 20 to 300 characters for the auditor: who needs it, why, and until when",
      ]
    `);
  });

  test('must be a list', () => {
    expect(faultsOf(() => parse('allow: { id: a }'))).toMatchInlineSnapshot(`
      [
        "distribution.yaml:2: allow: is {"id":"a"}: it must be a list of allowances, as in [{ id: forced-policy-window:ledger_lines, reason: "..." }]",
      ]
    `);
  });
});

test.each(['forced-policy-window:ledger_lines', 'view-will-fail:sales."a.b"', 'a: odd name'])(
  'an id is a kind and a subject: %s',
  (id) => {
    expect(readAllowanceId(id)).toEqual({ ok: true, value: id });
  },
);

test.each([
  '',
  'ledger_lines',
  ':ledger_lines',
  'forced:',
  'Forced:x',
  '-forced:x',
  'forced-:x',
  'a b:c',
  'a: ',
])('and nothing else is one: "%s"', (id) => {
  expect(readAllowanceId(id)).toMatchObject({
    ok: false,
    problem: expect.stringMatching(
      /is no id of a finding: write kind:subject as `tables plan` prints it/,
    ) as string,
  });
});
