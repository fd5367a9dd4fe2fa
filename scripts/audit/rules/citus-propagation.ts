import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  'citus.enable_ddl_propagation': ['on'],
  'citus.enable_create_role_propagation': ['on'],
  'citus.enable_alter_role_propagation': ['on'],
  'citus.enable_alter_role_set_propagation': ['on'],
  'citus.use_secondary_nodes': ['never'],
  'citus.enable_metadata_sync': ['on'],
  'citus.enable_create_database_propagation': ['on', 'off'],
};

export const citusPropagation: Rule = {
  id: 'citus-propagation',
  level: 'error',
  property:
    'What is done on the coordinator is done on every node, and every node is read where it is right.',
  why: 'Nodes then differ in tables, roles and rights, which nothing tells.',
  remedy: 'Leave the parameter to the service.',
  controls: ['MCSB PV-1'],
  hardening: 'all',
  check: parameterRule(SAFE, 'has nodes differ without a word'),
};
