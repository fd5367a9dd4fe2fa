import { explain, ScaleoutError } from '../../lib/errors';
import type { Availability, Engine, EngineName, EngineNeeds } from './engine';
import { ENGINE_NAMES } from './engine';

type Available = Extract<Availability, { available: true }>;

/** One engine that was considered, and why it was taken or not. */
export interface Consideration {
  readonly engine: EngineName;
  readonly taken: boolean;
  readonly because: string;
}

export interface EngineChoice {
  readonly engine: EngineName;
  readonly availability: Available;
  /** In the order they were considered; the last one was taken. */
  readonly considered: readonly Consideration[];
}

/**
 * The best engine there is, or the one that was asked for. Engines behind the one that is taken are not looked at.
 *
 * @param engines best first
 * @param needs what the cluster has to run; by default whatever the engine has
 * @throws ScaleoutError when the one asked for is impossible, or none is possible, with every reason
 */
export async function chooseEngine(
  engines: readonly Engine[],
  forced: EngineName | undefined,
  needs?: EngineNeeds,
): Promise<EngineChoice> {
  const considered: Consideration[] = [];
  for (const engine of engines.filter(({ name }) => forced === undefined || name === forced)) {
    const availability = await engine.probe(needs);
    considered.push({
      engine: engine.name,
      taken: availability.available,
      because: availability.available ? availability.detail : availability.reason,
    });
    if (availability.available) return { engine: engine.name, availability, considered };
  }
  if (needs !== undefined) throw needsMissing(considered, needs);
  const reasons = considered.map(({ engine, because }) => `${engine}: ${because}`).join('; ');
  throw new ScaleoutError(
    'local.no-engine',
    forced === undefined
      ? `no engine can run a cluster here (${reasons})`
      : `the engine "${forced}" cannot be used here: ${considered[0]?.because ?? 'it does not exist'}. Leave --engine out to take the best one there is`,
  );
}

function needsMissing(considered: readonly Consideration[], { postgres, citus }: EngineNeeds): ScaleoutError {
  const reasons = considered.map(({ engine, because }) => `${engine}: ${because}`).join('; ');
  return new ScaleoutError(
    'local.no-engine',
    `this needs PostgreSQL ${String(postgres)} with Citus ${citus.join('.')} or newer, and no engine has that here (${reasons}): install both packages beside the versions that are there; nothing was started`,
  );
}

/** @throws ScaleoutError for a name that is no engine */
export function parseEngineName(text: string): EngineName {
  const wanted = text.toLowerCase().replaceAll('_', '-');
  const name = ENGINE_NAMES.find((candidate) => candidate === wanted);
  if (name === undefined) {
    throw new ScaleoutError(
      'input.invalid',
      `there is no engine "${text}": it is one of ${ENGINE_NAMES.join(', ')}`,
    );
  }
  return name;
}

/** A probe that turns whatever goes wrong into the reason why the engine is not available. */
export async function probeSafely(probe: () => Promise<Availability>): Promise<Availability> {
  try {
    return await probe();
  } catch (error) {
    return { available: false, reason: explain(error).split('\n', 1)[0] ?? 'unknown' };
  }
}
