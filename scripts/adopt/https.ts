import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { text as textOf } from 'node:stream/consumers';
import { orUndefined } from '../lib/or-undefined';

export type Variables = Readonly<Record<string, string | undefined>>;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** Sends one request and reads the answer, whatever its status is. Rejects with Node's error where none comes. */
export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

const PATIENCE_MS = 60_000;

/** Where the certificate authorities of the system are, as Go looks for them: the first of the files that is there. */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/**
 * Sends requests as Terraform does: it trusts Node's authorities, those of the system, and those that `SSL_CERT_FILE` and
 * `SSL_CERT_DIR` name, and goes through the proxy of `HTTPS_PROXY` but for the hosts of `NO_PROXY`.
 */
export function httpSender(environment: Variables, signal: AbortSignal): SendHttp {
  let context: tls.SecureContext | undefined;
  const trusting = (): tls.SecureContext => (context ??= contextOf(authorities(environment)));
  return async ({ method, url, headers, body }) => {
    const { protocol, hostname } = new URL(url);
    const proxy = protocol === 'https:' ? proxyFor(url, environment) : undefined;
    const tunnel = proxy === undefined ? undefined : await connectThrough(proxy, url, trusting, signal);
    const reply = await new Promise<http.IncomingMessage>((resolve, reject) => {
      const options = {
        method,
        headers: {
          ...headers,
          ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
        },
        signal,
        timeout: PATIENCE_MS,
      } as const;
      const sent =
        protocol === 'http:'
          ? http.request(url, { ...options, agent: false }, resolve)
          : https.request(
              url,
              { ...options, createConnection: () => secured(url, trusting(), tunnel) },
              resolve,
            );
      sent.on('timeout', () => sent.destroy(timedOut(hostname)));
      sent.on('error', reject);
      sent.end(body);
    });
    return { status: reply.statusCode ?? 0, headers: reply.headers, text: await textOf(reply) };
  };
}

/** The last of {@link contextOf}, by what it trusts. */
let last: { readonly trusts: string; readonly context: tls.SecureContext } | undefined;

/** Taking in hundreds of certificates takes longer than a request, so it is done once for all that trust the same. */
function contextOf(ca: string[]): tls.SecureContext {
  const trusts = ca.join('\n');
  if (last?.trusts !== trusts) last = { trusts, context: tls.createSecureContext({ ca }) };
  return last.context;
}

/** A connection that proves whom it leads to. @param tunnel where it does not go straight */
function secured(address: string, secureContext: tls.SecureContext, tunnel?: Socket): tls.TLSSocket {
  const { hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  return tls.connect({
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(tunnel === undefined ? { port: port === '' ? 443 : Number(port) } : { socket: tunnel }),
    secureContext,
  });
}

/** PEM of everything that is trusted. */
function authorities(environment: Variables): string[] {
  const named = environment['SSL_CERT_FILE'] ?? '';
  const files = [
    ...(named === '' ? SYSTEM_AUTHORITIES : [named]).flatMap((file) => pemOf(file) ?? []).slice(0, 1),
    ...(environment['SSL_CERT_DIR'] ?? '')
      .split(path.delimiter)
      .filter((directory) => directory !== '')
      .flatMap((directory) =>
        (orUndefined(() => readdirSync(directory)) ?? []).flatMap(
          (leaf) => pemOf(path.join(directory, leaf)) ?? [],
        ),
      ),
    ...[environment['NODE_EXTRA_CA_CERTS'] ?? '']
      .filter((file) => file !== '')
      .flatMap((file) => pemOf(file) ?? []),
  ];
  return [...tls.rootCertificates, ...files];
}

function pemOf(file: string): string | undefined {
  const text = orUndefined(() => readFileSync(file, 'utf8'));
  return text?.includes('-----BEGIN CERTIFICATE-----') === true ? text : undefined;
}

/** The proxy for an address, as Go chooses it; undefined where the request goes straight. Pure. */
export function proxyFor(address: string, environment: Variables): URL | undefined {
  const { hostname, port } = new URL(address);
  const at = (name: string): string => {
    const upper = environment[name] ?? '';
    return upper === '' ? (environment[name.toLowerCase()] ?? '') : upper;
  };
  const proxy = at('HTTPS_PROXY');
  if (proxy === '' || hostname === 'localhost' || /^127\.|^\[::1\]$/.test(hostname)) return undefined;
  const spared = at('NO_PROXY')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
  const isSpared = spared.some((entry) => {
    if (entry === '*') return true;
    const [, host = '', only] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (only !== undefined && only !== (port === '' ? '443' : port)) return false;
    return hostname === host || hostname.endsWith(`.${host}`);
  });
  if (isSpared) return undefined;
  return new URL(/^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`);
}

async function connectThrough(
  proxy: URL,
  address: string,
  trusting: () => tls.SecureContext,
  signal: AbortSignal,
): Promise<Socket> {
  const { hostname, port } = new URL(address);
  const target = `${hostname}:${port === '' ? '443' : port}`;
  const login = [proxy.username, proxy.password].map(decodeURIComponent).join(':');
  return new Promise((resolve, reject) => {
    const options = {
      method: 'CONNECT',
      host: proxy.hostname,
      port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port),
      path: target,
      headers: {
        Host: target,
        ...(login === ':' ? {} : { 'Proxy-Authorization': `Basic ${Buffer.from(login).toString('base64')}` }),
      },
      signal,
      timeout: PATIENCE_MS,
    } as const;
    const sent =
      proxy.protocol === 'https:'
        ? https.request({ ...options, createConnection: () => secured(proxy.href, trusting()) })
        : http.request({ ...options, agent: false });
    sent.on('connect', (reply, socket: Socket) => {
      if (reply.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answers ${String(reply.statusCode)} to CONNECT ${target}`));
    });
    sent.on('timeout', () => sent.destroy(timedOut(proxy.hostname)));
    sent.on('error', reject);
    sent.end();
  });
}

function timedOut(host: string): Error {
  return new Error(`${host} did not answer within ${String(PATIENCE_MS / 1000)} s`);
}
