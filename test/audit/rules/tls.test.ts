import { tls } from '../../../scripts/audit/rules/tls';
import { problems, stack, status } from '../builders';

const PARAMETER = 'azurerm_cosmosdb_postgresql_coordinator_configuration.parameter';

describe('tls', () => {
  it.each([
    ['work_mem', '64MB'],
    ['ssl', 'on'],
    ['ssl_min_protocol_version', 'TLSv1.2'],
  ])('lets the parameter %s be %s', (name, value) => {
    expect(status(tls, stack('dev', { resources: { [PARAMETER]: { name, value } } }))).toBe('compliant');
  });

  it.each([
    ['ssl', 'off', /ssl is "off", which weakens TLS/],
    ['require_secure_transport', 'off', /require_secure_transport is "off"/],
    ['SSL_MIN_PROTOCOL_VERSION', 'TLSv1', /is "TLSv1".*TLSv1\.2 or TLSv1\.3/],
    ['ssl', '${var.ssl}', /ssl is \$\{var\.ssl\}, which only an apply resolves/],
    ['${var.name}', 'off', /the parameter's name is \$\{var\.name\}/],
  ])('finds the parameter %s being %s', (name, value, message) => {
    for (const type of ['coordinator', 'node']) {
      const address = `azurerm_cosmosdb_postgresql_${type}_configuration.parameter`;
      const found = problems(tls, stack('dev', { resources: { [address]: { name, value } } }));
      expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
      expect(found[0]?.constructPath).toBe('dev/parameter');
    }
  });

  it.each(['require', 'disable', 'prefer', 'verify-ca'])(
    'finds a connection string with sslmode=%s',
    (mode) => {
      const output = { url: { value: `postgresql://citus@c.example:5432/citus?sslmode=${mode}` } };
      expect(problems(tls, stack('dev', { sections: { output } }))).toEqual([
        {
          constructPath: 'dev',
          pointer: '/output/url/value',
          check: 'sslmode:output.url.value',
          message: expect.stringContaining(`sslmode is ${mode}`) as string,
        },
      ]);
    },
  );

  it('accepts a connection string that verifies the server', () => {
    const output = { url: { value: 'host=c.example sslmode=verify-full' } };
    expect(status(tls, stack('dev', { sections: { output } }))).toBe('compliant');
  });
});
