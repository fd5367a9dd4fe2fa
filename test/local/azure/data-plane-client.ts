import { request as httpRequest } from 'node:http';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';

export interface DataPlaneAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The parsed text; empty where it is not JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The socket that the stand-in's proxy opens to `HOST:PORT`, or the status it refuses with. */
export function tunnel(azure: AzureStandIn, target: string): Promise<Socket | number> {
  const proxy = new URL(azure.terraformEnvironment({})['HTTPS_PROXY'] ?? '');
  return new Promise((resolve, reject) => {
    const asked = httpRequest({ host: proxy.hostname, port: proxy.port, method: 'CONNECT', path: target });
    asked.on('connect', (reply, socket) => {
      if (reply.statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        resolve(reply.statusCode ?? 0);
      }
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A request to a data plane under its public name, as a client makes it whose `HTTPS_PROXY` is the stand-in's. */
export async function dataPlane(
  azure: AzureStandIn,
  method: string,
  address: string,
  options: { readonly body?: object; readonly token?: string } = {},
): Promise<DataPlaneAnswer> {
  const url = new URL(address);
  const raw = await tunnel(azure, `${url.hostname}:443`);
  if (typeof raw === 'number') throw new Error(`the proxy refused ${url.hostname} with ${String(raw)}`);
  const socket = connect({ socket: raw, servername: url.hostname, ca: azure.certificate });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    const sent = request(
      url,
      {
        method,
        createConnection: () => socket,
        headers: options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` },
      },
      (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
        reply.on('end', () => {
          socket.destroy();
          const json = String(reply.headers['content-type']).startsWith('application/json');
          const body = json ? (JSON.parse(text) as DataPlaneAnswer['body']) : {};
          resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, body });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

/** A token as the stand-in hands it out. */
export function login(azure: AzureStandIn): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${azure.origin}/tenant/oauth2/v2.0/token`,
      { method: 'POST', ca: azure.certificate, agent: false },
      (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
        reply.on('end', () => resolve((JSON.parse(text) as { access_token: string }).access_token));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}
