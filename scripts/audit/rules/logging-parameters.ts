import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  log_connections: ['on'],
  log_disconnections: ['on'],
  log_checkpoints: ['on'],
  logging_collector: ['on'],
};

export const loggingParameters: Rule = {
  id: 'logging-parameters',
  level: 'error',
  property: 'Who connects, who leaves and what the server does with its files is logged.',
  why: 'Nobody can say afterwards who was connected.',
  remedy: 'Leave the parameter to the service.',
  controls: ['MCSB LT-3', 'CIS 4.3.2', 'CIS 4.3.3', 'CIS 4.3.4', 'CKV_AZURE_30', 'CKV_AZURE_31'],
  hardening: 'all',
  check: parameterRule(SAFE, 'takes a trace away that an incident is understood by'),
};
