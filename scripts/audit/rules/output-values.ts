import type { Rule } from '../rule-parts/rule';
import { problemIn, verdict } from '../rule-parts/rule';
import { plainReference, isDeclared } from '../stack/expressions';
import { section, pointer, leaves, isUnresolved } from '../stack/synthesized';

export const outputValues: Rule = {
  id: 'output-values',
  level: 'error',
  property: 'Outputs say what is written out, or one attribute of the cluster.',
  why: 'Outputs are printed, kept in the state and read by other stacks.',
  remedy: 'Name one attribute of the cluster, or remove the output.',
  controls: ['MCSB IM-8', 'MCSB DP-8'],
  check: (stack) =>
    verdict(
      leaves(section(stack, 'output'), pointer('output')).flatMap(({ pointer: at, value }) => {
        if (!/^\/output\/[^/]+\/value/.test(at) || typeof value !== 'string' || !isUnresolved(value))
          return [];
        const reference = plainReference(value);
        const isMeant =
          COORDINATOR.test(value) ||
          WORKERS.test(value) ||
          (reference !== undefined &&
            ATTRIBUTES.has(reference.attribute) &&
            !reference.isData &&
            isDeclared(stack, reference));
        if (isMeant) return [];
        return [
          problemIn(
            stack,
            at,
            'composed',
            `${at.split('/')[2] ?? 'an output'} is composed, and what it says only an apply tells: name one attribute of the cluster, or remove the output`,
          ),
        ];
      }),
    ),
};

const ATTRIBUTES = new Set(['id', 'name', 'fqdn', 'node_count', 'location']);
/** The host of the coordinator, which is an entry of a list. */
const COORDINATOR =
  /^\$\{one\(\[for server in azurerm_cosmosdb_postgresql_cluster\.[\w-]+\.servers : server\.fqdn if endswith\(server\.name, "-c"\)\]\)\}$/;

/** The first node of an elastic cluster is no worker. */
const WORKERS = /^\$\{azurerm_postgresql_flexible_server\.[\w-]+\.cluster\[0\]\.size - 1\}$/;
