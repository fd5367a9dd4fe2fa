import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, verdict } from '../rule-parts/rule';
import { places } from '../stack/places';
import { KNOWN_EVERYWHERE, RESOURCE_TYPES } from '../stack/resource-types';
import type { Block } from '../stack/synthesized';

export const knownArguments: Rule = {
  id: 'known-arguments',
  level: 'error',
  property: 'Resources have no argument that no rule knows.',
  why: 'What an unknown argument opens, sends away or switches off nobody has judged.',
  remedy: 'Remove it, or teach the rules about it.',
  controls: ['MCSB PV-2', 'MCSB AM-2'],
  hardening: 'all',
  check: (stack) => verdict(stack.resources.flatMap(unknown)),
};

/** Told by known-contents, with what they do. */
const TOLD = new Set(['count', 'for_each', 'dynamic', 'provisioner', 'connection']);

function unknown(block: Block): readonly Problem[] {
  const known = RESOURCE_TYPES.get(block.type)?.known;
  // A type that no rule knows is told as a whole.
  if (known === undefined) return [];
  const allowed = new Set([...known, ...KNOWN_EVERYWHERE]);
  const found = new Set(
    places(block.body).filter((place) => !allowed.has(place) && !/^tags(\.|$)/.test(place)),
  );
  return [...found]
    .filter((place) => !TOLD.has(place.split('.')[0] ?? ''))
    .map((place) => {
      const argument = place.split('.')[0] ?? place;
      return problemAt(
        block,
        argument,
        `${place} is an argument that no rule knows, so nobody has judged it: remove it, or teach the rules about it`,
        { check: place },
      );
    });
}
