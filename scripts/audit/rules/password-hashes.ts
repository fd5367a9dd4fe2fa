import type { Rule } from '../rule-parts/rule';
import { notApplicable, verdict } from '../rule-parts/rule';
import { weakParameters } from '../rule-parts/weak-parameters';
import { CLUSTERS, NO_CLUSTER } from '../stack/azurerm';
import { resourcesOf } from '../stack/synthesized';

/** Elastic clusters let people choose; the older service keeps it. */
const PARAMETERS = { password_encryption: ['scram-sha-256'] };

export const passwordHashes: Rule = {
  id: 'password-hashes',
  level: 'error',
  property: 'Passwords of roles are kept as SCRAM verifiers, which nobody can log in with.',
  why: 'A backup would hold hashes that are as good as the passwords.',
  remedy: 'Leave password_encryption at scram-sha-256.',
  controls: ['MCSB IM-6', 'MCSB DP-4'],
  check(stack) {
    if (resourcesOf(stack, ...CLUSTERS).length === 0) return notApplicable(NO_CLUSTER);
    return verdict(
      weakParameters(
        stack,
        PARAMETERS,
        'keeps passwords as hashes that are as good as the passwords to whoever reads a backup',
      ),
    );
  },
};
