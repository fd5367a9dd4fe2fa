import { CLUSTERS, NO_CLUSTER } from '../stack/azurerm';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemIn, verdict } from '../rule-parts/rule';
import { weakParameters } from '../rule-parts/weak-parameters';
import type { Synthesized } from '../stack/synthesized';
import { leaves, resourcesOf } from '../stack/synthesized';

/** Server parameters that can only weaken what the service enforces, and the values that do not. */
const PARAMETERS: Readonly<Record<string, readonly string[]>> = {
  ssl: ['on'],
  require_secure_transport: ['on'],
  ssl_min_protocol_version: ['TLSv1.2', 'TLSv1.3'],
  ssl_max_protocol_version: ['TLSv1.2', 'TLSv1.3', ''],
};

/**
 * The service accepts no connection without TLS and has no argument for it, so this cannot prove that it is on. What
 * a stack can do is weaken it: by a server parameter, or by handing out a connection string that does not verify
 * which server answers.
 */
export const tls: Rule = {
  id: 'tls',
  level: 'error',
  hardening: ['value'],
  property:
    "Nothing weakens the service's mandatory TLS: no server parameter, and no connection string that does not verify the server.",
  why: 'Whoever stands between a client and the server reads along, or answers in its place.',
  remedy: 'Leave the parameter to the service, and use verify-full in connection strings.',
  controls: ['MCSB DP-3', 'CIS 4.3.1', 'CKV_AZURE_29'],
  check(stack) {
    if (resourcesOf(stack, ...CLUSTERS).length === 0) return notApplicable(NO_CLUSTER);
    return verdict([...weakParameters(stack, PARAMETERS, 'weakens TLS'), ...connectionStrings(stack)]);
  },
};

function connectionStrings(stack: Synthesized): readonly Problem[] {
  return leaves(stack.document).flatMap((leaf) => {
    const mode =
      typeof leaf.value === 'string' ? /\bsslmode\s*=\s*([\w-]+)/i.exec(leaf.value)?.[1] : undefined;
    const keyed = /^(pg)?sslmode$/i.test(leaf.key) ? String(leaf.value) : undefined;
    const found = mode ?? keyed;
    if (found === undefined || found.toLowerCase() === 'verify-full') return [];
    return [
      problemIn(
        stack,
        leaf.pointer,
        'sslmode',
        `sslmode is ${found}, which does not prove which server answers: use verify-full`,
      ),
    ];
  });
}
