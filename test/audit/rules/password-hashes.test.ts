import { passwordHashes } from '../../../scripts/audit/rules/password-hashes';
import { problems, stack, status } from '../builders';

const withParameter = (name: string, value: string): ReturnType<typeof stack> =>
  stack('dev', {
    resources: { 'azurerm_postgresql_flexible_server_configuration.parameter': { name, value } },
  });

describe('password-hashes', () => {
  it('holds where the parameter says what the service does without it', () => {
    expect(status(passwordHashes, withParameter('password_encryption', 'scram-sha-256'))).toBe('compliant');
    expect(status(passwordHashes, withParameter('work_mem', '65536'))).toBe('compliant');
  });

  it('finds hashes of MD5, and a value that nobody can read here', () => {
    expect(problems(passwordHashes, withParameter('password_encryption', 'md5'))).toMatchObject([
      {
        constructPath: 'dev/parameter',
        message: expect.stringMatching(
          /^the server parameter password_encryption is "md5", which keeps passwords as hashes .*: leave it to the service, or set it to scram-sha-256$/,
        ) as string,
      },
    ]);
    expect(problems(passwordHashes, withParameter('password_encryption', '${var.x}'))).toHaveLength(1);
  });
});
