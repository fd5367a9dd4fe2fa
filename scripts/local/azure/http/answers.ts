import type { IncomingMessage, ServerResponse } from 'node:http';
import { orUndefined } from '../../../lib/or-undefined';
import type { ArmResponse, Json, OperationFailure } from '../arm/arm';
import { ArmError, isJsonObject } from '../arm/arm';
import { principalOf, TENANT_ID } from '../arm/authentication';
import type { FaultAnswer } from '../arm/faults';
import type { RecordedRequest } from '../arm/recorder';
import { redact, redactDataPlane, redactForm } from '../arm/recorder';
import type { Route } from '../arm/router';
import { matchRoute } from '../arm/router';

/** Path without the query. */
export function pathOf(message: IncomingMessage): string {
  return (message.url ?? '/').replace(/\?.*$/, '');
}

/** What the route for a request answers, or why there is none. */
export function answer(
  routes: readonly Route[],
  message: IncomingMessage,
  text: string,
  origin: string,
  fault: FaultAnswer | undefined,
): ArmResponse {
  const { pathname, searchParams } = new URL(`${origin}${message.url ?? '/'}`);
  const method = message.method ?? '';
  const host = dataPlaneOf(message);
  try {
    const { route, params } = matchRoute(routes, method, pathname, searchParams, host);
    const authorization = message.headers.authorization ?? '';
    if (route.anonymous !== true && !/^Bearer \S+$/.test(authorization)) {
      throw unauthenticated(origin, route);
    }
    const principal = principalOf(authorization);
    const body = isForm(message) ? undefined : parseBody(text);
    return route.handle({
      method,
      path: pathname,
      query: searchParams,
      body,
      params,
      origin,
      ...(principal === undefined ? {} : { principal }),
      ...(fault?.kind === 'operationFails' ? { failure: failureOf(fault) } : {}),
    });
  } catch (error) {
    if (error instanceof ArmError) return error.response;
    const reason = error instanceof Error ? error.message : String(error);
    return new ArmError(501, 'StandInFault', `the Azure stand-in failed at ${method} ${pathname}: ${reason}`)
      .response;
  }
}

function failureOf({ code, message }: Extract<FaultAnswer, { kind: 'operationFails' }>): OperationFailure {
  return { code: code ?? 'OperationFailed', message: message ?? 'The operation failed on request.' };
}

/** The data plane a request is for, by the name in lower case it was sent to; undefined for Resource Manager. */
function dataPlaneOf(message: IncomingMessage): string | undefined {
  const host = (message.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  return host === 'localhost' || host === '127.0.0.1' ? undefined : host;
}

/** Says where to get a token; a data plane also says what it has to be for, and its clients wait to be told. */
function unauthenticated(origin: string, { audience }: Route): ArmError {
  const challenge =
    audience === undefined
      ? `Bearer authorization_uri="${origin}/${TENANT_ID}", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`
      : `Bearer authorization="${origin}/${TENANT_ID}", resource="${audience}"`;
  const message = "Authentication failed. The 'Authorization' header is missing.";
  return new ArmError(401, 'AuthenticationFailed', message, { 'WWW-Authenticate': challenge });
}

/** Bytes that a request may have: Resource Manager takes no more. */
const BODY_MOST = 4 * 1024 * 1024;

/** The body of a request. Rejects with an ArmError 413 as soon as it is too large; the rest of it is read and forgotten. */
export function bodyOf(message: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= BODY_MOST) chunks.push(chunk);
      else reject(tooLarge());
    });
    message.on('end', () => resolve(Buffer.concat(chunks).toString()));
    message.on('error', reject);
  });
}

function tooLarge(): ArmError {
  const words = `The request content has more than ${String(BODY_MOST)} bytes.`;
  return new ArmError(413, 'RequestContentTooLarge', words);
}

/** Sends an answer. */
export function send(reply: ServerResponse, { status, headers, body, text }: ArmResponse): void {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const type = json === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' };
  reply.writeHead(status, { ...type, ...headers });
  reply.end(json ?? text);
}

function parseBody(text: string) {
  if (text === '') return undefined;
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body)) return body;
  } catch {
    // Refused below, like everything else that is no JSON object.
  }
  throw new ArmError(
    400,
    'InvalidRequestContent',
    'The request content was invalid and could not be deserialized.',
  );
}

function isForm(message: IncomingMessage): boolean {
  return message.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
}

/** A request as it is kept, with the status it was answered with. */
export function record(message: IncomingMessage, text: string, status: number): RecordedRequest {
  const host = dataPlaneOf(message);
  const redacted = host === undefined ? redact : redactDataPlane;
  const body = isForm(message) ? redactForm(text) : redacted(jsonOf(text));
  return {
    method: message.method ?? '',
    url: `${host === undefined ? '' : `https://${host}`}${message.url ?? ''}`,
    ...(body === undefined ? {} : { body }),
    status,
  };
}

/** Text that is no JSON is not recorded: nobody can say what is in it. */
function jsonOf(text: string): Json | undefined {
  return orUndefined(() => JSON.parse(text) as Json);
}
