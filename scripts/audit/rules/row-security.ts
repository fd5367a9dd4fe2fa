import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  row_security: ['on'],
};

export const rowSecurity: Rule = {
  id: 'row-security',
  level: 'error',
  property: 'Policies of rows hold for everybody they are made for.',
  why: 'With row_security off a query fails or, by a role that may, reads rows of everybody.',
  remedy: 'Leave row_security on.',
  controls: ['MCSB PA-7'],
  hardening: 'all',
  check: parameterRule(SAFE, 'switches off what keeps tenants apart'),
};
