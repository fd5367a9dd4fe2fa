import { booleanAt, describe, describeGap, stringAt } from '../stack/attributes';
import { isBootstrap } from '../stack/bootstrap';
import type { Facts, Problem, Rule } from '../rule-parts/rule';
import { problemIn, verdict } from '../rule-parts/rule';
import type { JsonObject, Synthesized } from '../stack/synthesized';
import { isObject, leaves, pointer, section } from '../stack/synthesized';

/** Arguments of the azurerm backend that hold a credential. */
const CREDENTIALS = [
  'access_key',
  'sas_token',
  'client_secret',
  'client_certificate',
  'client_certificate_password',
  'oidc_token',
];
/** What names one state: two environments must differ in at least one of them. */
const STATE_NAME = ['storage_account_name', 'container_name', 'key'] as const;

/** Paths of a machine, not the ids of Azure resources, which start with a slash as well. */
const ABSOLUTE_PATH = /^(\/(?!(subscriptions|providers)(\/|$)).+|[A-Za-z]:[\\/].*)/;

/**
 * State holds the administrator's password in the clear and decides what Terraform replaces, so where it lies and who
 * reads it is part of the database's security.
 */
export const stateBackend: Rule = {
  id: 'state-backend',
  level: 'error',
  property:
    "State lies in Azure storage of its own, is reached with Entra ID and no key, and no file names a path of somebody's machine.",
  why: 'A state on one disk is neither shared, locked nor encrypted, and a key to it belongs to nobody.',
  remedy: 'Configure the azurerm backend with use_azuread_auth.',
  controls: ['MCSB IM-1', 'MCSB DP-8'],
  check(stack, facts) {
    return verdict([...backend(stack, facts), ...absolutePaths(stack)]);
  },
};

function backend(stack: Synthesized, facts: Facts): readonly Problem[] {
  const declared = backendsOf(stack);
  const azurerm = declared['azurerm'];
  // The state of what states lie in comes before it.
  if (azurerm === undefined && isBootstrap(stack)) return [];
  if (!isObject(azurerm)) {
    const kind = Object.keys(declared)[0] ?? 'none';
    return [
      {
        constructPath: stack.environment,
        pointer: pointer('terraform'),
        check: 'backend',
        ...(facts.production ? {} : { level: 'warning' as const }),
        message: `the state backend is ${kind}: on one machine's disk it is neither shared, locked nor encrypted. Configure the azurerm backend`,
      },
    ];
  }
  const at = pointer('terraform', 'backend', 'azurerm');
  return [...login(azurerm), ...place(azurerm), ...shared(stack, facts, azurerm)].map(
    ({ argument, check = argument, message }) => ({
      constructPath: stack.environment,
      pointer: argument in azurerm ? at + pointer(argument) : at,
      check,
      message,
    }),
  );
}

/** What is wrong with an argument of the backend. */
interface Wrong {
  readonly argument: string;
  readonly message: string;
  /** @default - the argument's name */
  readonly check?: string;
}

function login(azurerm: JsonObject): Wrong[] {
  const entra = booleanAt(azurerm, 'use_azuread_auth');
  const withoutEntra = {
    argument: 'use_azuread_auth',
    message: `use_azuread_auth ${describe(entra)}: the backend would ask for the account's key, which opens every state in it. Set it to true`,
  };
  return [
    ...(entra.state === 'value' && entra.value ? [] : [withoutEntra]),
    ...CREDENTIALS.filter((argument) => (azurerm[argument] ?? null) !== null).map((argument) => ({
      argument,
      message: `the backend holds ${argument} (not repeated here): remove it and use Entra ID, with workload identity in a pipeline`,
    })),
  ];
}

function place(azurerm: JsonObject): Wrong[] {
  return STATE_NAME.map((argument) => ({ argument, reading: stringAt(azurerm, argument) }))
    .filter(({ reading }) => reading.state !== 'value' || reading.value === '')
    .map(({ argument, reading }) => ({
      argument,
      message: `${argument} ${reading.state === 'value' ? 'is empty' : describeGap(reading)}: name where the state lies`,
    }));
}

function shared(stack: Synthesized, { others }: Facts, azurerm: JsonObject): Wrong[] {
  const twin = others.find((other) => sameState(azurerm, backendsOf(other)['azurerm']));
  if (twin === undefined) return [];
  const names = STATE_NAME.map((name) => JSON.stringify(azurerm[name])).join(', ');
  const message = `${stack.environment} and ${twin.environment} share one state (${names}): deploying one would destroy the other. Give each a key of its own`;
  return [{ argument: 'key', check: 'shared', message }];
}

function backendsOf(stack: Synthesized): JsonObject {
  const value = section(stack, 'terraform')['backend'];
  return isObject(value) ? value : {};
}

function sameState(a: JsonObject, b: unknown): boolean {
  const other = b as JsonObject | undefined;
  return other !== undefined && STATE_NAME.every((name) => a[name] === other[name]);
}

function absolutePaths(stack: Synthesized): readonly Problem[] {
  return leaves(stack.document)
    .filter(({ value }) => typeof value === 'string' && ABSOLUTE_PATH.test(value))
    .map(({ key, value, pointer: at }) =>
      problemIn(
        stack,
        at,
        'absolute-path',
        `${key} is the absolute path ${String(value)}: it exists on one machine, and the file differs on the next. Use a path relative to the stack`,
      ),
    );
}
