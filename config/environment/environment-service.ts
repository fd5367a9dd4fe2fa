import { z } from 'zod';
import type { Service } from '../azure/postgres-services';
import { DEFAULT_SERVICE, SERVICES } from '../azure/postgres-services';

const named = z.object({ service: z.enum(SERVICES).default(DEFAULT_SERVICE) });

/** Whether a file, as written, is about a cluster of a service; that it names none means the default. */
export function isOfService(data: unknown, service: Service): boolean {
  return named.safeParse(data).data?.service === service;
}

/** The part of a file that says it, for rules that read something beside it. */
export const readsService = z.enum(SERVICES).default(DEFAULT_SERVICE);
