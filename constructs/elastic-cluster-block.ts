import type { PostgresqlFlexibleServer } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server';
import type { TerraformStack } from 'cdktf';

/**
 * The `cluster` block of a flexible server, which the bindings of azurerm 4.55.0 do not know: it came with 4.60.0. Until
 * they do, it is written over what they synthesize, and the stack asks for a plugin that has it.
 *
 * The typed way replaces this file: bindings made from azurerm 4.60.0 or later (cdktn's are) take the same as an argument,
 * `cluster: { size, defaultDatabaseName }`. They write an object where this writes a list of one, Terraform takes both for
 * the same block, and so nothing moves and nothing is planned.
 */
export interface ElasticClusterBlock {
  /** Nodes, the first one included. */
  readonly size: number;
  readonly database: string;
}

/** The plugin that the stacks with such a block are tested with. */
export const AZURERM_OF_ELASTIC_CLUSTERS = '4.73.0';

/** Asks for that plugin, for all of the stack: an override of the provider's own version would land in its configuration. */
export function requireElasticAzurerm(stack: TerraformStack): void {
  stack.addOverride('terraform.required_providers.azurerm.version', AZURERM_OF_ELASTIC_CLUSTERS);
}

/** Makes an elastic cluster of a flexible server. */
export function addElasticClusterBlock(
  server: PostgresqlFlexibleServer,
  { size, database }: ElasticClusterBlock,
): void {
  // The whole value at once: a path into it would make an object of the list.
  server.addOverride('cluster', [{ size, default_database_name: database }]);
}

/** An expression for the nodes that a server has. */
export function elasticClusterSize(server: PostgresqlFlexibleServer): string {
  return `${server.fqn}.cluster[0].size`;
}
