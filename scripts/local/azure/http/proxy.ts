import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** A way out of a rehearsal that leads to the stand-in or nowhere. */
export interface DataPlaneProxy {
  /** `http://127.0.0.1:PORT`, as `HTTPS_PROXY` takes it. */
  readonly address: string;
  /** `HOST:PORT` of everything that was asked for and refused, in that order. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** Where tunnels end: a TLS server on the loopback interface that answers for every known host. */
  readonly targetPort: number;
  /** Whether the TLS server answers for a host, by its name in lower case. */
  readonly isKnown: (host: string) => boolean;
}

/**
 * Starts an HTTP proxy on the loopback interface. Clients address data planes by their public names, which the metadata
 * cannot move to this machine; the proxy can. It tunnels known names to `targetPort` and refuses all others with 403,
 * so that nothing in a rehearsal reaches the outside through it.
 */
export async function startDataPlaneProxy(options: ProxyOptions): Promise<DataPlaneProxy> {
  const refused: string[] = [];
  const sockets = new Set<Duplex>();
  // Requests without a tunnel are for addresses without TLS, which nothing here has.
  const server = createServer((message, reply) => {
    refused.push(message.url ?? '');
    reply.writeHead(403, { 'Content-Type': 'text/plain' }).end(REFUSAL);
  });
  server.on('connection', (socket: Socket) => watch(sockets, socket));
  server.on('connect', (message, client: Duplex, head: Buffer) => {
    const target = message.url ?? '';
    const [, host = ''] = /^([^:]+):443$/.exec(target) ?? [];
    if (!options.isKnown(host.toLowerCase())) {
      refused.push(target);
      client.end(`HTTP/1.1 403 Forbidden\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`);
      return;
    }
    const upstream = connect(options.targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    watch(sockets, upstream);
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    refused,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const REFUSAL = 'The Azure stand-in has no such host, and a rehearsal reaches no other.\n';

/** Keeps count of an open connection. One that breaks off is its other end's business, and no error of the server's. */
function watch(sockets: Set<Duplex>, socket: Duplex): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
}
