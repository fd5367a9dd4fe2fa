/** What Azure accepts of a lock on a resource. */
import { matching, text } from '../file/schema-types';

export const lockName = matching(
  /^[A-Za-z0-9_-]{1,90}$/,
  'the name of a lock: 1 to 90 letters, digits, hyphens and underscores',
);

/** What Azure keeps of the note of a lock, in characters. */
const REASON_LONGEST = 512;
const reason = `1 to ${REASON_LONGEST} characters that say why it must not be deleted, for the one who tries`;
export const lockReason = text(reason).regex(/\S/, { error: reason }).max(REASON_LONGEST, { error: reason });
