import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdictOn } from '../rule-parts/rule';
import { STORAGE_ACCOUNT } from '../stack/azurerm';
import { places } from '../stack/places';
import type { Block } from '../stack/synthesized';

export const stateCors: Rule = {
  id: 'state-cors',
  level: 'error',
  property: 'No web page reads states from a browser.',
  why: 'A page of a stranger reads what the person who visits it may read.',
  remedy: 'Take cors_rule away.',
  controls: ['MCSB NS-2'],
  check: (stack) =>
    verdictOn(stack, STORAGE_ACCOUNT, 'the stack holds no storage account', (accounts) =>
      accounts.flatMap(judge),
    ),
};

function judge(account: Block): readonly Problem[] {
  return places(account.body)
    .filter((place) => place.split('.').includes('cors_rule'))
    .slice(0, 1)
    .map((place) =>
      problemAt(
        account,
        place.split('.')[0] ?? place,
        'cors_rule lets web pages read the account: take it away',
        { check: 'cors' },
      ),
    );
}
