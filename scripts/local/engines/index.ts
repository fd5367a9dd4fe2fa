import { citusUrlEngine } from './citus-url';
import { dockerEngine } from './docker';
import { embeddedEngine } from './embedded';
import type { Engine } from './engine';
import { nativeEngine } from './native';

/** Every engine, best first. */
export function localEngines(environment: Readonly<Record<string, string | undefined>>): readonly Engine[] {
  return [citusUrlEngine(environment), dockerEngine, nativeEngine, embeddedEngine];
}
