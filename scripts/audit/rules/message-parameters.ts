import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

/** Levels by which errors are logged. */
const LEVELS = [
  'debug5',
  'debug4',
  'debug3',
  'debug2',
  'debug1',
  'info',
  'notice',
  'warning',
  'error',
  'log',
];

const SAFE: Readonly<Record<string, readonly string[]>> = {
  log_min_messages: LEVELS,
  log_min_error_statement: LEVELS,
  log_error_verbosity: ['default', 'verbose'],
};

export const messageParameters: Rule = {
  id: 'message-parameters',
  level: 'error',
  property: 'Errors are logged, with the statement they came from.',
  why: 'What goes wrong is not seen until somebody complains.',
  remedy: 'Leave the parameter to the service.',
  controls: ['MCSB LT-3'],
  hardening: 'all',
  check: parameterRule(SAFE, 'hides errors, or what they came from'),
};
