import { createHash, createHmac } from 'node:crypto';
import { scramVerifier } from '../../scripts/roles/verifier';

describe('what PostgreSQL stores of a password', () => {
  test('proves and signs the exchange of RFC 7677, section 3', async () => {
    const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`;
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const verifier = await scramVerifier('pencil', 4096, Buffer.from(salt, 'base64'));
    const [, stored = '', server = ''] =
      /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$([^:]+):(.+)$/.exec(verifier) ?? [];
    const sign = (key: string): Buffer =>
      createHmac('sha256', Buffer.from(key, 'base64')).update(exchange).digest();
    const clientKey = sign(stored).map((byte, index) => byte ^ (proof[index] ?? 0));
    expect(createHash('sha256').update(clientKey).digest('base64')).toBe(stored);
    expect(sign(server).toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });

  test('differs for the same password each time, and holds nothing of it', async () => {
    const [one, other] = await Promise.all([scramVerifier('Pencil-1234'), scramVerifier('Pencil-1234')]);
    expect(one).not.toBe(other);
    expect(one).toMatch(/^SCRAM-SHA-256\$4096:[\w+/]{22}==\$[\w+/]{43}=:[\w+/]{43}=$/);
    expect(one).not.toContain('encil');
  });
});
