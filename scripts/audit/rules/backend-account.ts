import type { Rule } from '../rule-parts/rule';
import { notApplicable, verdict, valueText } from '../rule-parts/rule';
import { backendsOf, problemOfSetting } from '../rule-parts/settings';
import { RESOURCE_GROUP, STORAGE_ACCOUNT, STORAGE_CONTAINER } from '../stack/azurerm';
import { isBootstrap } from '../stack/bootstrap';
import type { Json } from '../stack/synthesized';
import { resourcesOf, isObject, pointer } from '../stack/synthesized';

export const backendAccount: Rule = {
  id: 'backend-account',
  level: 'error',
  property: 'The state lies in the account that the bootstrap stack guards.',
  why: 'A foreign account keeps the state, with its passwords, under rules that nobody here has judged.',
  remedy: 'Name the account, its group and one of its containers.',
  controls: ['MCSB DP-8', 'MCSB AM-2'],
  check(stack, { others }) {
    const home = others.find(isBootstrap);
    const body = backendsOf(stack)['azurerm'];
    if (home === undefined) return notApplicable('the synthesis has no stack of where the states lie');
    if (!isObject(body)) return notApplicable('the state does not lie in Azure storage');
    const names = (type: string): readonly (Json | undefined)[] =>
      resourcesOf(home, type).map((block) => block.body['name']);
    const setting = { body, pointer: pointer('terraform', 'backend', 'azurerm') };
    return verdict(
      (
        [
          ['storage_account_name', STORAGE_ACCOUNT],
          ['resource_group_name', RESOURCE_GROUP],
          ['container_name', STORAGE_CONTAINER],
        ] as const
      ).flatMap(([argument, type]) =>
        names(type).includes(body[argument])
          ? []
          : [
              problemOfSetting(
                stack,
                setting,
                argument,
                `${argument} is ${valueText('', body[argument])}, which the stack ${home.environment} does not have: the state would lie under rules that nobody here has judged`,
              ),
            ],
      ),
    );
  },
};
