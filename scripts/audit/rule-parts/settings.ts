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
