import type { JsonObject, Synthesized } from '../stack/synthesized';
import { isObject, pointer, section } from '../stack/synthesized';
import { blocksAt } from '../stack/blocks';
import type { Problem } from './rule';

/** A part of a stack that is no resource. */
export interface Setting {
  readonly body: JsonObject;
  readonly pointer: string;
}

/** Every configuration of the provider azurerm. */
export function providerBlocks(stack: Synthesized): readonly Setting[] {
  const providers = section(stack, 'provider');
  const isList = Array.isArray(providers['azurerm']);
  return blocksAt(providers, 'azurerm').map((body, index) => ({
    body,
    pointer: pointer('provider', 'azurerm', ...(isList ? [index] : [])),
  }));
}

/** The backends of a stack by their kind. */
export function backendsOf(stack: Synthesized): JsonObject {
  const value = section(stack, 'terraform')['backend'];
  return isObject(value) ? value : {};
}

/** A problem of an argument of such a part; its check is the argument. */
export function problemOfSetting(
  stack: Synthesized,
  { body, pointer: at }: Setting,
  argument: string,
  message: string,
): Problem {
  return {
    constructPath: stack.environment,
    pointer: argument in body ? at + pointer(argument) : at,
    check: argument,
    message,
  };
}

/** The arguments of a setting that are among those named, or are not. */
export function argumentsOf({ body }: Setting, isMeant: (argument: string) => boolean): readonly string[] {
  return Object.keys(body).filter((argument) => argument !== '//' && isMeant(argument));
}

/** Arguments of the provider by which it signs in. */
export const CREDENTIAL_ARGUMENTS: readonly string[] = [
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
];

/** Arguments of the provider that say where it makes things, and on whose account. */
export const TARGET_ARGUMENTS: readonly string[] = [
  'subscription_id',
  'tenant_id',
  'auxiliary_tenant_ids',
  'environment',
  'metadata_host',
  'msi_endpoint',
  'msi_api_version',
  'partner_id',
  'disable_terraform_partner_id',
];

/** Arguments that the provider is given and should not be, with what is wrong with each. */
export function providerProblems(
  stack: Synthesized,
  isMeant: (argument: string) => boolean,
  message: (argument: string) => string,
): readonly Problem[] {
  return providerBlocks(stack).flatMap((block) =>
    argumentsOf(block, isMeant).map((argument) =>
      problemOfSetting(stack, block, argument, message(argument)),
    ),
  );
}
