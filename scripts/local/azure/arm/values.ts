import type { JsonObject } from './arm';
import { ArmError, isJsonObject } from './arm';

/** Whether two names or ids are one: Azure has no regard for their case. */
export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** The objects in the list at `key`; none where there is no list. */
export function objectsAt(value: JsonObject, key: string): JsonObject[] {
  const member = value[key];
  return Array.isArray(member) ? member.filter(isJsonObject) : [];
}

/** The texts in the list at `key`; none where there is no list. */
export function textsAt(value: JsonObject, key: string): string[] {
  const member = value[key];
  return Array.isArray(member) ? member.filter((item): item is string => typeof item === 'string') : [];
}

/** Whether text is an id of Entra's or of a subscription. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Whether one resource id is another or lies below it, however they are spelled. */
export function isWithin(inner: string, outer: string): boolean {
  return `${inner}/`.toLowerCase().startsWith(`${outer}/`.toLowerCase());
}

/** The refusal where no resource of a type has a name. */
export function notFound(type: string, name: string): ArmError {
  return new ArmError(404, 'ResourceNotFound', `The Resource '${type}/${name}' was not found.`);
}

/** A refusal of what a request says: 400. */
export function badRequest(message: string, code = 'BadRequest'): ArmError {
  return new ArmError(400, code, message);
}
