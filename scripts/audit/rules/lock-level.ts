import { expectWord } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { verdictOn } from '../rule-parts/rule';
import { MANAGEMENT_LOCK } from '../stack/azurerm';

export const lockLevel: Rule = {
  id: 'lock-level',
  level: 'error',
  property: 'A lock forbids to delete, and nothing else.',
  why: 'ReadOnly keeps the service from scaling, failing over and changing passwords; none keeps nobody from anything.',
  remedy: 'Set lock_level to CanNotDelete.',
  controls: ['MCSB AM-4', 'CIS 10.1'],
  check: (stack) =>
    verdictOn(stack, MANAGEMENT_LOCK, 'the stack holds no lock', (locks) =>
      locks.flatMap((lock) =>
        expectWord(
          lock,
          'lock_level',
          ['CanNotDelete'],
          'ReadOnly keeps a cluster from being scaled and repaired. Set it to CanNotDelete',
        ),
      ),
    ),
};
