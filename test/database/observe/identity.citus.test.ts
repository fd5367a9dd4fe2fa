import { databaseIdentity } from '../../../scripts/database/observe/identity';
import { withClient } from '../../../scripts/lib/connection';
import { freshCitusDatabase, platformSuite } from '../../support/citus';

jest.setTimeout(60_000);

platformSuite('the identity of a database', () => {
  test('is read by the login, and goes without the system identifier where it may not read that', async () => {
    const database = await freshCitusDatabase({ workers: 2 });
    try {
      const whole = await withClient(database.target, databaseIdentity);
      expect(whole).toEqual({
        name: database.target.database,
        id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        systemIdentifier: expect.stringMatching(/^\d{15,}$/) as string,
        nodes: [0, 1, 2].map((groupId) => expect.objectContaining({ groupId }) as object),
      });
      await withClient(database.platform, (client) =>
        client.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC'),
      );
      const { systemIdentifier, ...rest } = whole;
      expect(systemIdentifier).toBeDefined();
      expect(await withClient(database.target, databaseIdentity)).toEqual(rest);
    } finally {
      await database.drop();
    }
  });
});
