import {
  allowancesOf,
  describeFindings,
  idleAllowances,
  judgeFindings,
  refusal,
  withAllowances,
} from '../../../scripts/database/checks/allowances';
import { finding, requireAllowed } from '../../../scripts/database/checks/findings';
import { scaleout } from '../../support/command-line';

const window = finding('forced-policy-window', 'ledger_lines', 'FORCE is off for a minute.', 'allowance');
const view = finding('view-will-fail', '"Odd name"', 'It has no answer any more.', 'allowance');
const note = finding('worker-range', 'events', 'Ids of workers begin at 2^48.', 'none');
const findings = [note, window, view];
const REASON = 'agreed with support until the copy is done';

test('allowances of a command line have no reason, and each id once', () => {
  expect(allowancesOf([window.id, view.id, window.id])).toEqual([{ id: window.id }, { id: view.id }]);
  expect(() => allowancesOf(['ledger_lines'])).toThrow(
    expect.objectContaining({
      exitCode: 1,
      message: expect.stringMatching(
        /^--allow "ledger_lines" is no id of a finding: write kind:subject as .*; nothing was changed$/,
      ) as string,
    }) as Error,
  );
});

test('the specification says why, whatever the command line repeats', () => {
  const specified = { allow: [{ id: window.id, reason: REASON }] };
  expect(withAllowances(specified, allowancesOf([window.id, view.id]))).toEqual({
    allow: [{ id: window.id, reason: REASON }, { id: view.id }],
  });
  expect(withAllowances(specified, allowancesOf([window.id]))).toBe(specified);
});

test('what is not allowed stops a run, and a note never does', () => {
  const judged = judgeFindings(findings, [{ id: window.id, reason: REASON }]);
  expect(judged.map(({ id, allowed, reason }) => [id, allowed, reason])).toEqual([
    [note.id, true, undefined],
    [window.id, true, REASON],
    [view.id, false, undefined],
  ]);
  expect(describeFindings(judged)).toEqual([
    '',
    'What to know before it runs',
    `  allowed ${window.id}: ${window.message} Reason: ${REASON}`,
    `  NOT ALLOWED ${view.id}: ${view.message}`,
    `  note ${note.id}: ${note.message}`,
  ]);
  expect(refusal(judged, 'Nothing is written.')).toBe(
    `One finding needs an allowance: ${view.id}. Nothing is written. To allow it, add --allow 'view-will-fail:"Odd name"', or list it in the specification with a reason: allow: [{ id: "view-will-fail:\\"Odd name\\"", reason: "..." }]`,
  );
  expect(() => requireAllowed(findings, [{ id: window.id }])).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: expect.stringMatching(
        /^one finding needs an allowance, and nothing was changed:\n- view-/,
      ) as string,
    }) as Error,
  );
  expect(refusal(judgeFindings(findings, allowancesOf([window.id, view.id])), '')).toBeUndefined();
});

test('an allowance that no finding needs is a note, with what may have been meant', () => {
  expect(idleAllowances(findings, allowancesOf([window.id, 'forced-policy-window:ledger_line']))).toEqual([
    '--allow forced-policy-window:ledger_line allows nothing: this plan has no such finding (did you mean "forced-policy-window:ledger_lines"?)',
  ]);
});

test('a plan without findings has no section of them', () => {
  expect(describeFindings([])).toEqual([]);
});

test.each([
  ['tables', 'plan'],
  ['tables', 'apply'],
  ['rebalance', 'plan'],
  ['rebalance', 'run'],
])('%s %s says what is wrong with an id before it looks for a database', async (...verb) => {
  const { status, stderr } = await scaleout([...verb, '--allow', 'a:b', '--allow', 'ledger lines']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: --allow "ledger lines" is no id of a finding: .*; nothing was changed\n$/);
});
