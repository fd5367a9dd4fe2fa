import { randomUUID } from 'node:crypto';
import { InterruptedError } from '../../../scripts/lib/errors';
import { openReadSessions } from '../../../scripts/database/observe/read-sessions';
import { freshCitusDatabase, platformSuite } from '../../support/citus';
import { query } from '../../tables/support/sensors';

jest.setTimeout(60_000);

platformSuite('sessions that read at once', () => {
  test('are as many as asked for, or as the server gives; an error of the work is the error, and stopping cuts them', async () => {
    const database = await freshCitusDatabase({ workers: 0 });
    const suffix = randomUUID().replaceAll('-', '').slice(0, 12);
    const [role, password] = [`reader_${suffix}`, randomUUID()];
    try {
      const { target, platform } = database;
      const never = new AbortController().signal;
      const count = (clients: readonly unknown[]): Promise<number> => Promise.resolve(clients.length);
      await expect(openReadSessions(target, never)(3, count)).resolves.toBe(3);
      await expect(openReadSessions(target, never)(0, count)).resolves.toBe(1);

      await query(platform, `CREATE ROLE ${role} LOGIN CONNECTION LIMIT 2 PASSWORD '${password}'`);
      const few = openReadSessions({ ...target, user: role, password }, never);
      await expect(few(4, count)).resolves.toBe(2);
      await expect(few(4, () => Promise.reject(new Error('of the work')))).rejects.toThrow('of the work');

      const stop = new AbortController();
      const stopped = openReadSessions(target, stop.signal)(2, async (clients) => {
        const sleeps = clients.map((client) => client.query('SELECT pg_sleep(30)'));
        stop.abort();
        await Promise.all(sleeps);
      });
      await expect(stopped).rejects.toThrow(InterruptedError);
    } finally {
      await query(database.platform, `DROP ROLE IF EXISTS ${role}`);
      await database.drop();
    }
  });
});
