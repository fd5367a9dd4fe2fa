import type { ConnectionTarget } from '../../lib/connection';
import type { ClusterNode } from './cluster-node';
import type { ProcessIdentity } from './processes';

/** A server of this machine. */
export interface ServerNode extends ClusterNode {
  /** Where this program reaches it, on loopback; Citus's own {@link ClusterNode.port} may differ in a container. */
  readonly publishedPort: number;
}

/**
 * The servers of one cluster, as processes or as containers: all with the same logins, none of them knowing of
 * the others yet. They end with their owner, however it ends.
 */
export interface ServerSet {
  /** Where the record of the cluster is, for whoever takes it down. */
  readonly directory: string;
  /**
   * Starts one more server for each name; the logins exist on it, `citus` from the start, and no database does. When one of them does
   * not start, none of them is left, and the same names can be started again.
   */
  start(names: readonly string[]): Promise<ServerNode[]>;
  /** How to log in to a server as a role that {@link setLogin} made, as the platform (superuser) or as `citus`. */
  login(node: ServerNode, user: string, database: string): ConnectionTarget;
  /** Makes a login, or gives it another password, on every server, those to come included. */
  setLogin(role: string, password: string): Promise<void>;
  /** Drops a login everywhere; fine when it is not there. */
  dropLogin(role: string): Promise<void>;
  /** Which server ended by itself, and how; undefined while all of them run. */
  lost(): Promise<string | undefined>;
  stop(): Promise<void>;
}

export interface ServerSetOptions {
  /** The process the servers end with. @default this one */
  readonly owner?: ProcessIdentity;
  /** Connections each server takes. @default 100 */
  readonly maxConnections?: number;
  /** Of the coordinator, on loopback. @default one that is free */
  readonly coordinatorPort?: number | undefined;
  /** The folder for the files of servers that are processes. @default one for temporary files */
  readonly parent?: string;
}
