import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ArmError } from '../arm/arm';
import type { Fault } from '../arm/faults';
import { FaultQueue, refusalOf } from '../arm/faults';
import { Operations } from '../arm/operations';
import type { RecordedRequest } from '../arm/recorder';
import { matchHost } from '../arm/router';
import { ResourceStore } from '../arm/store';
import type { Surroundings } from '../arm/surroundings';
import type { ClusterBackend, ServerAddress } from '../postgresql/cluster-backend';
import type { NewClusters } from '../postgresql/postgresql';
import { answer, bodyOf, pathOf, record, send } from './answers';
import { createServerIdentity } from './certificate';
import type { ServerIdentity } from './certificate';
import { clusterReachedBy, connectBackend, routesOf } from './providers';
import { startDataPlaneProxy } from './proxy';
import { TrustDirectory } from './trust-directory';
import type { Environment } from './terraform-environment';
import { terraformEnvironment } from './terraform-environment';

export interface AzureStandInOptions {
  /** JSON file in which resources outlive the process. @default - in memory alone */
  readonly stateFile?: string;
  /** Milliseconds a long-running operation takes. @default 200 */
  readonly operationMs?: number;
  /** What stands behind the clusters. @default - nothing: they are entries in the books */
  readonly clusters?: ClusterBackend;
  /** Cluster names that somebody else has: they are global in Azure. @default - none */
  readonly takenNames?: readonly string[];
  /** Whether a cluster can be made that is neither a restore nor a replica. @default refused, as Azure does */
  readonly newClusters?: NewClusters;
  /** What there is that nobody makes here. @default - one subscription, in which nobody but who logs in, and no network */
  readonly surroundings?: Surroundings;
  /** Where it puts the certificate that clients have to trust. @default - the system's directory for temporary files */
  readonly directory?: string;
  /** What goes wrong from the start, as if given to `inject` one by one. @default - nothing */
  readonly faults?: readonly Fault[];
}

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
  /** Accepts or refuses new clusters from now on; those that are there stay. */
  setNewClusters(answer: NewClusters): void;
  /** Makes something go wrong, after whatever was asked for before; see {@link Fault}. */
  inject(fault: Fault): void;
  /**
   * Where the server of a cluster takes connections: what a name server would say, here the place of what stands behind
   * the cluster. Undefined for a name that no coordinator here has.
   */
  resolve(fullyQualifiedDomainName: string): ServerAddress | undefined;
  close(): Promise<void>;
}

/** Starts a stand-in on a free port of the loopback interface, with a certificate made for it. */
export async function startAzureStandIn(options: AzureStandInOptions = {}): Promise<AzureStandIn> {
  const store = new ResourceStore({ file: options.stateFile, now: Date.now });
  const operations = new Operations(store, { operationMs: options.operationMs ?? 200, retryAfterSeconds: 1 });
  const { takenNames = [], surroundings = {} } = options;
  let { newClusters = 'refused' } = options;
  const routes = routesOf(store, operations, { takenNames, newClusters: () => newClusters, surroundings });
  if (options.clusters !== undefined) connectBackend(operations, options.clusters);
  const dataPlanes = [...new Set(routes.flatMap(({ host }) => host ?? []))];
  const wildcards = dataPlanes.map((host) => host.replace(/\{\w+\}/, '*'));
  const identity = await identityOf(['localhost', '127.0.0.1', ...wildcards]);
  const requests: RecordedRequest[] = [];
  let origin = '';
  const faults = new FaultQueue(options.faults ?? []);

  const server = createServer({ key: identity.privateKey, cert: identity.certificate }, (message, reply) => {
    bodyOf(message)
      .then(async (content) => {
        const fault = faults.take(message.method ?? '', pathOf(message));
        if (fault?.kind === 'slow') await delay(fault.ms, undefined, { ref: false });
        const response = refusalOf(fault)?.response ?? answer(routes, message, content, origin, fault);
        requests.push(record(message, content, response.status));
        send(reply, response);
      })
      .catch((error: unknown) => refuse(reply, error));
  });
  const port = await listening(server);
  origin = `https://localhost:${String(port)}`;
  const proxy = await startDataPlaneProxy({
    targetPort: port,
    isKnown: (host) => dataPlanes.some((pattern) => matchHost(pattern, host) !== undefined),
  });

  const trust = new TrustDirectory(options.directory ?? tmpdir(), identity.certificate);

  return {
    origin,
    certificate: identity.certificate,
    requests,
    refusedHosts: proxy.refused,
    terraformEnvironment: (environment) =>
      terraformEnvironment(environment, origin, proxy.address, trust.path),
    setNewClusters: (answer) => {
      newClusters = answer;
    },
    inject: (fault) => faults.add(fault),
    resolve: (name) => {
      const id = clusterReachedBy(store, name);
      return id === undefined ? undefined : options.clusters?.locate?.(id);
    },
    close: async () => {
      await proxy.close();
      server.closeAllConnections();
      await promisify(server.close.bind(server))();
      trust.remove();
    },
  };
}

/** One for all stand-ins of a process: it is most of what starting one takes. */
const identities = new Map<string, Promise<ServerIdentity>>();

function identityOf(hosts: readonly string[]): Promise<ServerIdentity> {
  const key = hosts.join(' ');
  const made = identities.get(key);
  if (made !== undefined) return made;
  const identity = createServerIdentity(hosts);
  identities.set(key, identity);
  return identity;
}

function refuse(reply: ServerResponse, error: unknown): void {
  if (error instanceof ArmError) send(reply, error.response);
  // The client went away in the middle of its request: there is nobody left to answer.
  else reply.destroy();
}

/** The free port of the loopback interface that a server listens on from now on. */
async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
