/** What Azure accepts of a Log Analytics workspace and of those who get mails. */
import { z } from 'zod';
import { intBetween, matching, unique } from '../file/schema-types';

export const workspaceName = matching(
  /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/,
  'the name of a workspace: 4 to 63 letters, digits and hyphens, with no hyphen at either end',
);

const RETENTION_DAYS = { fewest: 30, most: 730 } as const;

export const retentionDays = intBetween(RETENTION_DAYS.fewest, RETENTION_DAYS.most).describe(
  `Days that logs and metrics are kept: ${RETENTION_DAYS.fewest} to ${RETENTION_DAYS.most}.`,
);

/** Who gets a mail, each once, of whatever capitals. */
export const emails = unique(
  z.array(z.email({ error: 'an address alone, as in oncall@example.com' }), {
    error: 'a list of addresses, as in [oncall@example.com]',
  }),
  (email) => email.toLowerCase(),
);
