const { statSync } = require('node:fs');
const Sequencer = require('@jest/test-sequencer').default;

/**
 * A lane's tests take the longer the more of the world they start. Without durations of an earlier run, as on a fresh clone, the tests
 * of the lanes that wait longest begin first, so that none of them is left to run alone at the end.
 */
const LONGEST_FIRST = ['terraform', 'citus', 'postgres', 'synth'];

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const known = super.sort(tests);
    if (known.some(({ duration }) => duration !== undefined)) return known;
    const size = new Map(known.map((test) => [test, statSync(test.path).size]));
    return [...known].sort((a, b) => laneOf(a) - laneOf(b) || size.get(b) - size.get(a));
  }
};

function laneOf({ path }) {
  const place = LONGEST_FIRST.findIndex((lane) => path.endsWith(`.${lane}.test.ts`));
  return place === -1 ? LONGEST_FIRST.length : place;
}
