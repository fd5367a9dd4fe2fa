import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** Bytes of salt, and fewest rounds, as PostgreSQL's own. */
const SALT_BYTES = 16;
export const FEWEST_ITERATIONS = 4096;

/**
 * What PostgreSQL stores of a password (RFC 5802, RFC 7677): enough to prove that a client knows it, and not the password itself. Of
 * printable ASCII, which SASLprep leaves as it is.
 *
 * @param salt @default random
 */
export async function scramVerifier(
  password: string,
  iterations: number = FEWEST_ITERATIONS,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(sign('Client Key')).digest('base64');
  const serverKey = sign('Server Key').toString('base64');
  return `SCRAM-SHA-256$${String(iterations)}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
