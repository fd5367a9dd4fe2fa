import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { VerbContext } from '../lib/verb';
import { stopIfAsked } from '../lib/verb';
import type { HttpAnswer, SendHttp } from './https';
import type { Cloud } from './login';
import { jsonOf, reached } from './login';

/** What Azure Resource Manager says no with. */
export class ArmRefusal extends Error {
  readonly status: number;
  /** As in `AuthorizationFailed`. */
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ArmRefusal';
    this.status = status;
    this.code = code;
  }
}

/** Azure Resource Manager, for reading alone. */
export interface Arm {
  /** @throws ArmRefusal */
  get(path: string, apiVersion: string): Promise<unknown>;
  /** All of a list, whatever the number of its pages. @throws ArmRefusal */
  list(path: string, apiVersion: string): Promise<readonly unknown[]>;
}

const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
const pageSchema = z.object({ value: z.array(z.unknown()), nextLink: z.string().nullish() });

const ATTEMPTS = 4;
const LONGEST_WAIT_S = 20;

/** @param token for Resource Manager; it is sent to that alone */
export function armReader(
  { resourceManager }: Cloud,
  token: string,
  send: SendHttp,
  { signal }: Pick<VerbContext, 'signal'>,
): Arm {
  const get = async (url: string): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      stopIfAsked(signal, 'nothing was written');
      const answer = await reached(send, {
        method: 'GET',
        url,
        headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
      });
      const json = jsonOf(answer);
      if (answer.status === 200) return json;
      if (attempt < ATTEMPTS && isPassing(answer.status)) {
        await delay(waitOf(answer, attempt), undefined, { signal }).catch(() => undefined);
        continue;
      }
      const refusal = refusalSchema.safeParse(json).data?.error;
      throw new ArmRefusal(
        answer.status,
        refusal?.code ?? `status ${String(answer.status)}`,
        refusal?.message ?? answer.text.slice(0, 200),
      );
    }
  };
  const at = (path: string, apiVersion: string): string =>
    `${resourceManager}${encodeURI(path)}?api-version=${apiVersion}`;
  return {
    get: (path, apiVersion) => get(at(path, apiVersion)),
    async list(path, apiVersion) {
      const values: unknown[] = [];
      let next: string | undefined = at(path, apiVersion);
      while (next !== undefined) {
        const page: z.output<typeof pageSchema> = pageSchema.parse(await get(next));
        values.push(...page.value);
        const link: string = page.nextLink ?? '';
        // A page elsewhere would be given the token.
        next = link.startsWith(`${resourceManager}/`) ? link : undefined;
      }
      return values;
    },
  };
}

function isPassing(status: number): boolean {
  return status === 429 || status === 408 || (status >= 500 && status !== 501);
}

/** Milliseconds, as the answer asks for. */
function waitOf({ headers }: HttpAnswer, attempt: number): number {
  const asked = Number(headers['retry-after']);
  const seconds = Number.isFinite(asked) && headers['retry-after'] !== undefined ? asked : 2 ** (attempt - 1);
  return Math.min(seconds, LONGEST_WAIT_S) * 1000;
}
