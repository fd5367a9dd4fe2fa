import { ruled, strictShape, text } from '../file/schema-types';

/** Characters of a reason: enough for who needs it and why, and one line of a report. */
const REASON_LENGTH = { fewest: 20, most: 300 } as const;

/** Why something risky is done. It is kept in what is synthesized, for whoever audits it. */
export interface Reason {
  /** One line of 20 to 300 characters: who needs it, why, and until when. */
  readonly reason: string;
}

const { fewest, most } = REASON_LENGTH;
const wanted = `one line of ${fewest} to ${most} characters for the auditor: who needs it, why, and until when`;

/** The line itself, without the space around it. */
export const reasonText = ruled(text(wanted).trim(), (line) => {
  if (/\p{Cc}/u.test(line)) return `: it must be ${wanted}`;
  if (line.length >= fewest && line.length <= most) return undefined;
  return `, ${line.length} characters long: it must be ${wanted}`;
});

/** A {@link Reason}, as the value of what asks for one. */
export const reason = strictShape(
  {
    reason: reasonText.describe(
      'Why nothing narrower will do: who needs it, and until when. 20 to 300 characters.',
    ),
  },
  'the reason, as in { reason: ... }',
);
