import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  log_statement: ['none', 'ddl', 'mod'],
  log_parameter_max_length: ['0'],
  log_parameter_max_length_on_error: ['0'],
  'pgaudit.log_parameter': ['off'],
};

export const statementLogging: Rule = {
  id: 'statement-logging',
  level: 'error',
  property: 'Statements are logged without their values.',
  why: 'Passwords and personal data of statements would lie in the logs, for all who read those.',
  remedy: 'Set log_statement to ddl or mod, and log no parameters.',
  controls: ['MCSB DP-2', 'MCSB IM-8'],
  hardening: 'all',
  check: parameterRule(SAFE, 'writes values of statements, passwords among them, into the logs'),
};
