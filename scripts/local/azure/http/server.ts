import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { orUndefined } from '../../../lib/or-undefined';
import type { ArmResponse, Json, OperationFailure } from '../arm/arm';
import { ArmError, isJsonObject } from '../arm/arm';
import { createServerIdentity } from './certificate';
import type { ClusterBackend, ServerAddress } from '../postgresql/cluster-backend';
import { connectClusters } from '../postgresql/cluster-backend';
import type { Fault, FaultAnswer } from '../arm/faults';
import { matchFault, refusalOf } from '../arm/faults';
import { authenticationRoutes, principalOf } from '../arm/authentication';
import { authorizationRoutes } from '../arm/authorization';
import { keyVaultRoutes } from '../key-vault/key-vault';
import { keyVaultSecretRoutes } from '../key-vault/key-vault-secrets';
import { logAnalyticsRoutes } from '../monitor/log-analytics';
import { monitorRoutes } from '../monitor/monitor';
import { lockRoutes, obeyingLocks } from '../arm/locks';
import { networkRoutes } from '../network/network';
import { Operations } from '../arm/operations';
import { clusterOfServer, postgresqlRoutes } from '../postgresql/postgresql';
import { postgresqlConfigurationRoutes } from '../postgresql/postgresql-configurations';
import { postgresqlRoleRoutes } from '../postgresql/postgresql-roles';
import { resourceGroupRoutes } from '../arm/resources';
import { storageRoutes } from '../storage/storage';
import { subscriptionRoutes } from '../arm/subscriptions';
import { startDataPlaneProxy } from './proxy';
import type { RecordedRequest } from '../arm/recorder';
import { redact, redactDataPlane, redactForm } from '../arm/recorder';
import type { Route } from '../arm/router';
import { matchHost, matchRoute } from '../arm/router';
import { ResourceStore } from '../arm/store';

export interface AzureStandInOptions {
  /** JSON file in which resources outlive the process. @default - in memory alone */
  readonly stateFile?: string;
  /** Milliseconds a long-running operation takes. @default 200 */
  readonly operationMs?: number;
  /** What stands behind the clusters. @default - nothing: they are entries in the books */
  readonly clusters?: ClusterBackend;
  /** Cluster names that somebody else has: they are global in Azure. @default - none */
  readonly takenNames?: readonly string[];
  /** Where it puts the certificate that clients have to trust. @default - the system's directory for temporary files */
  readonly directory?: string;
  /** What goes wrong from the start, as if given to `inject` one by one. @default - nothing */
  readonly faults?: readonly Fault[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** An Azure Resource Manager on this machine, for one client at a time: Terraform's azurerm provider. */
export interface AzureStandIn {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** Its certificate, PEM: what a client has to trust. */
  readonly certificate: string;
  /** Every request so far, in the order they were answered, without secrets. */
  readonly requests: readonly RecordedRequest[];
  /** `HOST:PORT` of everything that clients tried to reach through the stand-in's proxy and that it is not. */
  readonly refusedHosts: readonly string[];
  /**
   * `environment` with everything Terraform needs to come here, and without any `ARM_` variable or proxy of its own: a
   * rehearsal with somebody's real login must not be able to reach the real Azure. All that is let past the stand-in's
   * proxy is where Terraform downloads plugins; who needs a proxy for that has to have them in a mirror or a cache.
   * Nothing in it is a secret, the stand-in lets everybody in.
   */
  terraformEnvironment(environment: Environment): Environment;
  /** Makes something go wrong, after whatever was asked for before; see {@link Fault}. */
  inject(fault: Fault): void;
  /**
   * Where the server of a cluster takes connections: what a name server would say, here the place of what stands behind
   * the cluster. Undefined for a name that no coordinator here has.
   */
  resolve(fullyQualifiedDomainName: string): ServerAddress | undefined;
  close(): Promise<void>;
}

/** Variables that the stand-in's own take the place of; proxies are spelled in capitals or not. */
const OVERRULED = /^(?:ARM_.*|(?:https?|all|no)_proxy)$/i;
/** Where Terraform finds and downloads the plugins of the public registry. */
const PLUGIN_HOSTS = ['registry.terraform.io', 'releases.hashicorp.com'];

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Starts a stand-in on a free port of the loopback interface, with a certificate made for it. */
export async function startAzureStandIn(options: AzureStandInOptions = {}): Promise<AzureStandIn> {
  const store = new ResourceStore({ file: options.stateFile, now: Date.now });
  const operations = new Operations(store, { operationMs: options.operationMs ?? 200, retryAfterSeconds: 1 });
  const routes = routesOf(store, operations, options.takenNames ?? []);
  if (options.clusters !== undefined) connectClusters(operations, options.clusters);
  const dataPlanes = [...new Set(routes.flatMap(({ host }) => host ?? []))];
  const wildcards = dataPlanes.map((host) => host.replace(/\{\w+\}/, '*'));
  const identity = await createServerIdentity(['localhost', '127.0.0.1', ...wildcards]);
  const requests: RecordedRequest[] = [];
  let origin = '';
  let faults = options.faults ?? [];

  const server = createServer({ key: identity.privateKey, cert: identity.certificate }, (message, reply) => {
    text(message)
      .then(async (content) => {
        const { answer: fault, left } = matchFault(faults, message.method ?? '', pathOf(message));
        faults = left;
        if (fault?.kind === 'slow') await delay(fault.ms, undefined, { ref: false });
        const response = refusalOf(fault)?.response ?? answer(routes, message, content, origin, fault);
        requests.push(record(message, content, response.status));
        send(reply, response);
      })
      // The client went away in the middle of its request: there is nobody left to answer.
      .catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  origin = `https://localhost:${String(port)}`;
  const proxy = await startDataPlaneProxy({
    targetPort: port,
    isKnown: (host) => dataPlanes.some((pattern) => matchHost(pattern, host) !== undefined),
  });

  const trust = mkdtempSync(join(options.directory ?? tmpdir(), 'scaleout-azure-'));
  writeFileSync(join(trust, 'stand-in.pem'), identity.certificate);

  return {
    origin,
    certificate: identity.certificate,
    requests,
    refusedHosts: proxy.refused,
    terraformEnvironment: (environment) => terraformEnvironment(environment, origin, proxy.address, trust),
    inject: (fault) => {
      faults = [...faults, fault];
    },
    resolve: (name) => {
      const server = clusterOfServer(store, name);
      return server?.node === 'c' ? options.clusters?.locate?.(server.clusterId) : undefined;
    },
    close: async () => {
      await proxy.close();
      server.closeAllConnections();
      await promisify(server.close.bind(server))();
      rmSync(trust, { recursive: true, force: true });
    },
  };
}

function routesOf(store: ResourceStore, operations: Operations, takenNames: readonly string[]): Route[] {
  return obeyingLocks(store, [
    ...authenticationRoutes(),
    ...subscriptionRoutes(),
    ...operations.routes(),
    ...resourceGroupRoutes(store, operations),
    ...authorizationRoutes(store),
    ...keyVaultRoutes(store, operations),
    ...keyVaultSecretRoutes(store),
    ...logAnalyticsRoutes(store),
    ...monitorRoutes(store),
    ...storageRoutes(store),
    ...postgresqlRoutes(store, operations, { takenNames }),
    ...postgresqlRoleRoutes(store, operations),
    ...postgresqlConfigurationRoutes(store, operations),
    ...networkRoutes(store, operations),
    ...lockRoutes(store),
  ]);
}

/** @param trust directory of the certificate that clients have to trust */
function terraformEnvironment(
  environment: Environment,
  origin: string,
  proxy: string,
  trust: string,
): Environment {
  return {
    ...Object.fromEntries(Object.entries(environment).filter(([name]) => !OVERRULED.test(name))),
    ARM_METADATA_HOSTNAME: origin.slice('https://'.length),
    ARM_SUBSCRIPTION_ID: NOBODY,
    ARM_TENANT_ID: NOBODY,
    ARM_CLIENT_ID: NOBODY,
    ARM_CLIENT_SECRET: 'none',
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    NO_PROXY: ['localhost', '127.0.0.1', ...PLUGIN_HOSTS].join(','),
    // The directory adds to the trusted certificates where SSL_CERT_FILE would replace them, and with them the way to a
    // provider registry. Go reads it on Linux and the BSDs; macOS and Windows trust their own stores.
    SSL_CERT_DIR: [trust, environment['SSL_CERT_DIR'] ?? ''].filter(Boolean).join(delimiter),
  };
}

function pathOf(message: IncomingMessage): string {
  return (message.url ?? '/').replace(/\?.*$/, '');
}

function answer(
  routes: readonly Route[],
  message: IncomingMessage,
  text: string,
  origin: string,
  fault: FaultAnswer | undefined,
): ArmResponse {
  const { pathname, searchParams } = new URL(`${origin}${message.url ?? '/'}`);
  const method = message.method ?? '';
  const host = dataPlaneOf(message);
  try {
    const { route, params } = matchRoute(routes, method, pathname, searchParams, host);
    const authorization = message.headers.authorization ?? '';
    if (route.anonymous !== true && !/^Bearer \S+$/.test(authorization)) {
      throw unauthenticated(origin, route);
    }
    const principal = principalOf(authorization);
    const body = isForm(message) ? undefined : parseBody(text);
    return route.handle({
      method,
      path: pathname,
      query: searchParams,
      body,
      params,
      origin,
      ...(principal === undefined ? {} : { principal }),
      ...(fault?.kind === 'operationFails' ? { failure: failureOf(fault) } : {}),
    });
  } catch (error) {
    if (error instanceof ArmError) return error.response;
    const reason = error instanceof Error ? error.message : String(error);
    return new ArmError(501, 'StandInFault', `the Azure stand-in failed at ${method} ${pathname}: ${reason}`)
      .response;
  }
}

function failureOf({ code, message }: Extract<FaultAnswer, { kind: 'operationFails' }>): OperationFailure {
  return { code: code ?? 'OperationFailed', message: message ?? 'The operation failed on request.' };
}

/** The data plane a request is for, by the name in lower case it was sent to; undefined for Resource Manager. */
function dataPlaneOf(message: IncomingMessage): string | undefined {
  const host = (message.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || host === '127.0.0.1' ? undefined : host;
}

/** A data plane says what a token has to be for, and its clients wait to be told. */
function unauthenticated(origin: string, { audience }: Route): ArmError {
  const headers: Record<string, string> =
    audience === undefined
      ? {}
      : { 'WWW-Authenticate': `Bearer authorization="${origin}/${NOBODY}", resource="${audience}"` };
  const message = "Authentication failed. The 'Authorization' header is missing.";
  return new ArmError(401, 'AuthenticationFailed', message, headers);
}

function send(reply: ServerResponse, { status, headers, body, text }: ArmResponse): void {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type = json === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' };
  reply.writeHead(status, { ...type, ...headers });
  reply.end(json ?? text);
}

function parseBody(text: string) {
  if (text === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body)) return body;
  } catch {
    // Refused below, like everything else that is no JSON object.
  }
  throw new ArmError(
    400,
    'InvalidRequestContent',
    'The request content was invalid and could not be deserialized.',
  );
}

function isForm(message: IncomingMessage): boolean {
  return message.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
}

function record(message: IncomingMessage, text: string, status: number): RecordedRequest {
  const host = dataPlaneOf(message);
  const redacted = host === undefined ? redact : redactDataPlane;
  const body = isForm(message) ? redactForm(text) : redacted(jsonOf(text));
  return {
    method: message.method ?? '',
    url: `${host === undefined ? '' : `https://${host}`}${message.url ?? ''}`,
    ...(body === undefined ? {} : { body }),
    status,
  };
}

/** Text that is no JSON is not recorded: nobody can say what is in it. */
function jsonOf(text: string): Json | undefined {
  return orUndefined(() => JSON.parse(text) as Json);
}
