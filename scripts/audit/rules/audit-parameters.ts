import { parameterRule } from '../rule-parts/parameter-rule';
import type { Rule } from '../rule-parts/rule';

const SAFE: Readonly<Record<string, readonly string[]>> = {
  'pgaudit.log': [
    'all',
    'ddl',
    'role',
    'write',
    'read',
    'write,ddl',
    'ddl,write',
    'role,ddl',
    'ddl,role',
    'read,write',
    'write,role',
    'ddl,write,role',
    'role,write,ddl',
    'ddl,role,write',
  ],
  'pgaudit.log_catalog': ['on'],
  'pgaudit.log_level': ['log', 'notice', 'warning', 'info'],
};

export const auditParameters: Rule = {
  id: 'audit-parameters',
  level: 'error',
  property: 'What pgaudit records stays recorded.',
  why: 'The trail that an auditor follows ends without a word.',
  remedy: 'Leave pgaudit as it is, or have it log more.',
  controls: ['MCSB LT-3'],
  hardening: 'all',
  check: parameterRule(SAFE, 'ends the trail that an auditor follows'),
};
