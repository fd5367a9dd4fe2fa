import { argumentsOf } from '../rule-parts/settings';
import type { Rule } from '../rule-parts/rule';
import { verdict, valueText } from '../rule-parts/rule';
import { providerBlocks, problemOfSetting } from '../rule-parts/settings';

export const providerArguments: Rule = {
  id: 'provider-arguments',
  level: 'error',
  property: 'The provider has no argument that no rule knows, and reaches storage by Entra ID.',
  why: 'What an unknown argument changes it changes for every resource.',
  remedy: 'Remove it.',
  controls: ['MCSB PV-2', 'MCSB IM-1'],
  check: (stack) =>
    verdict(
      providerBlocks(stack).flatMap((block) => [
        ...argumentsOf(block, (argument) => !TOLD.has(argument)).map((argument) =>
          problemOfSetting(
            stack,
            block,
            argument,
            `the provider sets ${argument}, which no rule knows: remove it`,
          ),
        ),
        ...(block.body['storage_use_azuread'] === true
          ? []
          : [
              problemOfSetting(
                stack,
                block,
                'storage_use_azuread',
                `storage_use_azuread is ${valueText('', block.body['storage_use_azuread'])}: the provider would ask for the key of a storage account. Set it to true`,
              ),
            ]),
      ]),
    ),
};

/** Judged here, or by the rules of the provider beside this one. */
const TOLD = new Set([
  'features',
  'alias',
  'resource_provider_registrations',
  'resource_providers_to_register',
  'skip_provider_registration',
  'storage_use_azuread',
  'subscription_id',
  'tenant_id',
  'auxiliary_tenant_ids',
  'environment',
  'metadata_host',
  'msi_endpoint',
  'msi_api_version',
  'partner_id',
  'disable_terraform_partner_id',
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
