import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { AscendingPorts, LOOPBACK } from '../../../scripts/local/engines/ports';

async function take(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, resolve);
  });
  return server;
}

describe('ports of the servers of one cluster', () => {
  it('ascend in the order in which they were asked for', async () => {
    const ports = new AscendingPorts();
    const finders = Array.from({ length: 21 }, () => ports.find());
    const lastFirst = await Promise.all([...finders].reverse().map((find) => find()));
    expect(lastFirst).toEqual([...new Set(lastFirst)].sort((a, b) => b - a));
  });

  it('are free, and none is offered twice', async () => {
    const find = new AscendingPorts().find();
    const [first, second] = [await find(), await find()];
    expect(second).not.toBe(first);
    const taken = await Promise.all([take(first), take(second)]);
    taken.forEach((server) => server.close());
  });

  it('are none that somebody else has', async () => {
    const begin = await new AscendingPorts().find()();
    const other = await take(begin);
    try {
      const find = new AscendingPorts(begin).find();
      const found: number[] = [];
      const all = async (): Promise<void> => {
        for (;;) found.push(await find());
      };
      await expect(all()).rejects.toThrow(
        `none of the ports from ${String(begin)} to ${String(begin + 49)} is free`,
      );
      expect(found).not.toContain(begin);
      expect(found.length).toBeGreaterThan(40);
    } finally {
      other.close();
    }
  });
});
