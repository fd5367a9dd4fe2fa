import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { providerBlocks, problemOfSetting, argumentsOf } from '../rule-parts/settings';

export const providerCredentials: Rule = {
  id: 'provider-credentials',
  level: 'error',
  property: 'The provider signs in with the credentials of whoever deploys, and with none of a file.',
  why: 'A file that decides how to sign in decides as whom.',
  remedy: 'Take it away and use ARM_* variables, with workload identity in a pipeline.',
  controls: ['MCSB IM-3', 'MCSB IM-8'],
  check: (stack) =>
    verdict(
      providerBlocks(stack).flatMap((block) =>
        argumentsOf(block, (argument) => NAMES.has(argument)).map((argument) =>
          problemOfSetting(
            stack,
            block,
            argument,
            `the provider sets ${argument}: how to sign in comes from ARM_* variables of whoever deploys. Take it away`,
          ),
        ),
      ),
    ),
};

const NAMES = new Set([
  'client_id',
  'client_id_file_path',
  'client_secret',
  'client_secret_file_path',
  'client_certificate',
  'client_certificate_path',
  'client_certificate_password',
  'oidc_request_token',
  'oidc_request_url',
  'oidc_token',
  'oidc_token_file_path',
  'ado_pipeline_service_connection_id',
  'use_cli',
  'use_msi',
  'use_oidc',
  'use_aks_workload_identity',
]);
