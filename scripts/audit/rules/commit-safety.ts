import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  synchronous_commit: ['on', 'remote_write', 'remote_apply'],
  fsync: ['on'],
  full_page_writes: ['on'],
};

export const commitSafety: Rule = {
  id: 'commit-safety',
  level: 'error',
  property: 'What is committed is on disk, and on the standby.',
  why: 'An answered transaction is lost with the node.',
  remedy: 'Leave the parameter to the service.',
  controls: ['MCSB BR-1'],
  hardening: 'all',
  check: parameterRule(SAFE, 'loses transactions that were answered'),
};
