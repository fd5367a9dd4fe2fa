/**
 * The vocabulary of Azure Resource Manager that every resource provider of the stand-in speaks: a request, an answer,
 * an error as Azure words them. Values only; HTTPS is server.ts, addresses are router.ts.
 */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export type Method = 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

export interface ArmRequest {
  readonly method: string;
  /** Path without the query, as the client wrote it. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed body; absent when the request had none, or none that is a JSON object. */
  readonly body: JsonObject | undefined;
  /** Values of the route's `{placeholders}`, spelled as the client spelled them. */
  readonly params: Readonly<Record<string, string>>;
  /** `https://localhost:PORT`, for the absolute addresses that answers carry. */
  readonly origin: string;
  /** Object id of whoever asks, as the token says; absent where the token names nobody. */
  readonly principal?: string;
  /** Set on request: the operation that this request begins ends as failed, for this reason. */
  readonly failure?: OperationFailure;
}

/** Why a long-running operation failed, in Azure's words. */
export interface OperationFailure {
  readonly code: string;
  readonly message: string;
}

export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Json;
  /** A body that is not JSON; its type is for the headers to say. */
  readonly text?: string;
}

/** A refusal in Azure's form, `{"error":{"code","message"}}`, with the HTTP status it travels under. */
export class ArmError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'ArmError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }

  get response(): ArmResponse {
    const body = { error: { code: this.code, message: this.message } };
    return { status: this.status, headers: this.headers, body };
  }
}

/** Whether a value of JSON is an object, and no list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The member `key` of `value` where that is an object, else an empty object. */
export function objectAt(value: JsonObject | undefined, key: string): JsonObject {
  const member = value?.[key];
  return isJsonObject(member) ? member : {};
}

/** The member `key` of `value` where that is text, else the empty string. */
export function textAt(value: JsonObject, key: string): string {
  const member = value[key];
  return typeof member === 'string' ? member : '';
}

/** The same object without the member `key`. */
export function without(value: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
}

/** A placeholder's value; the route's pattern guarantees it. */
export function param(request: ArmRequest, name: string): string {
  const value = request.params[name];
  if (value === undefined) throw new Error(`the route has no placeholder {${name}}`);
  return value;
}
