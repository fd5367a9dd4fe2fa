import type { Json, JsonObject } from './arm';
import { isJsonObject } from './arm';

/** A request as it arrived, without what must not be kept. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query; the whole address where it is not Resource Manager's. */
  readonly url: string;
  /** Parsed JSON with secrets replaced; a form keeps its field names alone. Absent when there was none. */
  readonly body?: Json;
  /** HTTP status of the answer. */
  readonly status: number;
}

/** Stands where a secret stood. */
export const REDACTED = '(redacted)';

const SECRET = /password|secret|token|assertion|credential/i;

/** Key Vault calls a secret `value`, as others call anything. */
const SECRET_OF_A_DATA_PLANE = /password|secret|token|assertion|credential|^value$|key/i;

/** The same value with every member whose name says secret replaced, at any depth. Pure. */
export function redact(value: Json | undefined): Json | undefined {
  return redactNamed(SECRET, value);
}

/** The same for a request to a data plane, where secrets have other names. Pure. */
export function redactDataPlane(value: Json | undefined): Json | undefined {
  return redactNamed(SECRET_OF_A_DATA_PLANE, value);
}

function redactNamed(secret: RegExp, value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value.map((item: Json) => redactNamed(secret, item) ?? null);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      secret.test(name) ? REDACTED : redactNamed(secret, member),
    ]),
  );
}

/** The fields of a form by name, every value replaced: the one form that arrives here is a login. Pure. */
export function redactForm(form: string): JsonObject {
  return Object.fromEntries([...new URLSearchParams(form).keys()].map((name) => [name, REDACTED]));
}
