import type { Rule } from '../rule-parts/rule';
import { notApplicable, verdict } from '../rule-parts/rule';
import { backendsOf, problemOfSetting, argumentsOf } from '../rule-parts/settings';
import { isObject, pointer } from '../stack/synthesized';

export const backendTarget: Rule = {
  id: 'backend-target',
  level: 'error',
  property: 'The backend names an account, a container and a key, and no other cloud, tenant or endpoint.',
  why: 'An endpoint of somebody else gets the state with its passwords, and a token to sign in with.',
  remedy: 'Take it away; what differs comes from ARM_* variables.',
  controls: ['MCSB DP-8', 'MCSB IM-8'],
  check(stack) {
    const body = backendsOf(stack)['azurerm'];
    if (!isObject(body)) return notApplicable('the state does not lie in Azure storage');
    const setting = { body, pointer: pointer('terraform', 'backend', 'azurerm') };
    return verdict(
      argumentsOf(setting, (argument) => !NAMED.has(argument)).map((argument) =>
        problemOfSetting(
          stack,
          setting,
          argument,
          `the backend sets ${argument}: where its account lies and how to sign in comes from ARM_* variables of whoever deploys. Take it away`,
        ),
      ),
    );
  },
};

/** The place of the state, and what state-backend judges. */
const NAMED = new Set([
  'resource_group_name',
  'storage_account_name',
  'container_name',
  'key',
  'use_azuread_auth',
  'access_key',
  'sas_token',
  'client_secret',
  'client_certificate',
  'client_certificate_password',
  'oidc_token',
]);
