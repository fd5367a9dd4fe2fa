import { z } from 'zod';
import type { Read } from './identifiers';
import { strictShape, text } from '../file/schema-types';
import { reasonText } from '../azure/reason';
import { show } from '../text/text';
import type { Report } from '../file/yaml';

/** The part of `distribution.yaml` that allows findings of a plan by their ids. */

const idAllowed = 'the id of a finding, as in forced-policy-window:ledger_lines';

const allowanceSchema = strictShape(
  {
    id: text(idAllowed).describe('The id of the finding, as `tables plan` prints it: kind:subject.'),
    reason: reasonText.describe(
      'Why it is allowed: one line of 20 to 300 characters. Sealed plans carry it.',
    ),
  },
  'an allowance, as in { id: forced-policy-window:ledger_lines, reason: "..." }',
);

export const allowSchema = z
  .array(allowanceSchema, {
    error: 'a list of allowances, as in [{ id: forced-policy-window:ledger_lines, reason: "..." }]',
  })
  .describe('Findings of a plan that are allowed, each by its id and with a reason.');

/** An id as a person gave it: `kind:subject`, where the subject is a name as messages show it. */
export function readAllowanceId(id: string): Read<string> {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*:.*\S/s.test(id)) return { ok: true, value: id };
  return {
    ok: false,
    problem: `${show(id)} is no id of a finding: write kind:subject as \`tables plan\` prints it, as in forced-policy-window:ledger_lines`,
  };
}

/**
 * Reports what is wrong with the allowances.
 *
 * @param written the list as written; items may be malformed, which the schema says
 */
export function checkAllowances(written: readonly unknown[], report: Report): void {
  const seen = new Map<string, number>();
  for (const [index, each] of written.entries()) {
    const at = ['allow', index];
    const { id: given } = anyItem.safeParse(each).data ?? {};
    if (typeof given !== 'string') continue;
    const id = readAllowanceId(given);
    const twin = seen.get(given);
    if (!id.ok) report([...at, 'id'], id.problem);
    else if (twin === undefined) seen.set(given, index);
    else {
      report(
        [...at, 'id'],
        `${show(given)} is allowed by allow[${String(twin)}] already: keep one of the two`,
      );
    }
  }
}

/** What is well-formed of an item is checked, also beside what is not. */
const anyItem = z.object({ id: z.unknown() });
