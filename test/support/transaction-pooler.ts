import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { ConnectionTarget } from '../../scripts/lib/connection';

/**
 * A pooler of transactions: each transaction of a client goes to whichever server session is free, the one that was used last first,
 * and a session outlives its clients. It knows no TLS, and lets in only whom the server trusts or who has the password of its sessions.
 */
export interface TransactionPooler {
  readonly target: ConnectionTarget;
  close(): Promise<void>;
}

/** A message of the protocol: one byte of type, four of length. */
interface Message {
  readonly type: string;
  readonly bytes: Buffer;
}

class Reader {
  private rest = Buffer.alloc(0);

  /** Messages that are complete. @param startup the first message of a client has no type */
  read(chunk: Buffer, startup = false): Message[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const messages: Message[] = [];
    for (;;) {
      const head = startup ? 0 : 1;
      if (this.rest.length < head + 4) return messages;
      const length = head + this.rest.readInt32BE(head);
      if (this.rest.length < length) return messages;
      messages.push({
        type: startup ? '' : String.fromCharCode(this.rest[0] ?? 0),
        bytes: this.rest.subarray(0, length),
      });
      this.rest = this.rest.subarray(length);
      if (startup) return messages;
    }
  }
}

interface ServerSession {
  readonly socket: Socket;
  client: Socket | undefined;
}

/**
 * @param target whose server trusts its login, or has been told it
 * @param rotate hand each transaction to another session, instead of to the one that was used last
 */
export async function transactionPooler(
  target: ConnectionTarget,
  { rotate = false }: { readonly rotate?: boolean } = {},
): Promise<TransactionPooler> {
  const free: ServerSession[] = [];
  const sockets = new Set<Socket>();

  /** Logs a client in at a new server session, which stays in the pool. */
  const login = (client: Socket, startup: Buffer): void => {
    const socket = connect(target.port, target.host);
    sockets.add(socket);
    const session: ServerSession = { socket, client };
    const reader = new Reader();
    socket.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of reader.read(chunk)) {
        session.client?.write(bytes);
        // ReadyForQuery, idle: the transaction is over.
        if (type === 'Z' && bytes[5] === 'I'.charCodeAt(0)) {
          if (session.client !== undefined) holders.delete(session.client);
          session.client = undefined;
          free.push(session);
        }
      }
    });
    socket.on('error', () => undefined);
    socket.on('connect', () => socket.write(startup));
    holders.set(client, session);
  };
  const holders = new Map<Socket, ServerSession>();

  const server = createServer((client) => {
    sockets.add(client);
    const reader = new Reader();
    let isIn = false;
    client.on('error', () => undefined);
    client.on('data', (chunk: Buffer) => {
      for (const { type, bytes } of reader.read(chunk, !isIn)) {
        if (!isIn) {
          isIn = true;
          login(client, bytes);
        } else if (type !== 'X') {
          const session = holders.get(client) ?? (rotate ? free.shift() : free.pop());
          if (session === undefined) {
            client.destroy();
            return;
          }
          session.client = client;
          holders.set(client, session);
          session.socket.write(bytes);
        }
      }
    });
    client.on('close', () => {
      const session = holders.get(client);
      if (session !== undefined) session.client = undefined;
      holders.delete(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    target: { ...target, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
