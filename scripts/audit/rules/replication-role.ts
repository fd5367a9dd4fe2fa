import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  session_replication_role: ['origin'],
};

export const replicationRole: Rule = {
  id: 'replication-role',
  level: 'error',
  property: 'Triggers and foreign keys are in force in every session.',
  why: 'As a replica, a session writes past every trigger and foreign key.',
  remedy: 'Leave session_replication_role at origin.',
  controls: ['MCSB DP-8'],
  hardening: 'all',
  check: parameterRule(SAFE, 'has sessions write past triggers and foreign keys'),
};
