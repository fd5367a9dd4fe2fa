import type { Json, JsonObject } from './arm';
import type { Resource, ResourceStore } from './store';
import { badRequest } from './values';

/** A member that has to be one of some words. @throws ArmError 400 for any other */
export function wordOf(properties: JsonObject, name: string, allowed: readonly string[]): string {
  const value = properties[name];
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw badRequest(`The property '${name}' is ${shown(value)}; it is one of ${allowed.join(', ')}.`);
}

/** A member that has to be a whole number of a range. @throws ArmError 400 for any other */
export function wholeNumberOf(properties: JsonObject, name: string, least: number, most: number): number {
  const value = properties[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw badRequest(
    `The property '${name}' is ${shown(value)}; it is a whole number from ${least} to ${most}.`,
  );
}

function shown(value: Json | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value);
}

/** Every resource of a type below another one; by default in every subscription. */
export function resourcesOf(store: ResourceStore, type: string, below = '/'): Resource[] {
  return store.below(below).filter((resource) => resource.type === type);
}

const OCTET = '(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)';
const IPV4_OR_CIDR = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}(?:/(?:3[0-2]|[12]?\\d))?$`);
const PRIVATE = /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/;

/** Whether text is an IPv4 address or a CIDR range of them that is reached over the internet. */
export function isPublicRange(text: string): boolean {
  return IPV4_OR_CIDR.test(text) && !PRIVATE.test(text);
}
