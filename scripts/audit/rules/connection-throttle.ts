import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  'connection_throttle.enable': ['on'],
  connection_throttling: ['on'],
};

export const connectionThrottle: Rule = {
  id: 'connection-throttle',
  level: 'error',
  property: 'Who guesses passwords is slowed down.',
  why: 'A password is guessed as fast as the server answers.',
  remedy: 'Leave the throttle on.',
  controls: ['MCSB IM-6', 'CIS 4.3.5', 'CKV_AZURE_32'],
  hardening: 'all',
  check: parameterRule(SAFE, 'lets passwords be guessed as fast as the server answers'),
};
