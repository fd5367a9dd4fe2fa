/** A node as Citus's metadata names it, and as this project calls it. */
export interface ClusterNode {
  /** `coordinator`, `w0`, `w1`, ... as on Azure. */
  readonly name: string;
  /** Citus's node name: where the other nodes find it, which need not be where this program finds it. */
  readonly host: string;
  readonly port: number;
}
