const { statSync } = require('node:fs');
const path = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/**
 * A lane's tests take the longer the more of the world they start. Without durations of an earlier run, as on a fresh clone, the tests
 * of the lanes that wait longest begin first, so that none of them is left to run alone at the end.
 */
const LONGEST_FIRST = ['terraform', 'citus', 'postgres', 'synth'];

/** Those that take minutes, however short their text, most of it the provider's own pauses: before all others. */
const MINUTES = [
  'stacks/deploy-prod.terraform',
  'stacks/deploy.terraform',
  'deploy/killed.terraform',
  'local/journey/journey.terraform',
  'tables/broken-off.citus',
  'tables/session.citus',
].map((name) => path.join('test', `${name}.test.ts`));

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const known = super.sort(tests);
    if (known.some(({ duration }) => duration !== undefined)) return known;
    const size = new Map(known.map((test) => [test, statSync(test.path).size]));
    return [...known].sort(
      (a, b) => minutesOf(a) - minutesOf(b) || laneOf(a) - laneOf(b) || size.get(b) - size.get(a),
    );
  }
};

function minutesOf(test) {
  const place = MINUTES.findIndex((name) => test.path.endsWith(name));
  return place === -1 ? MINUTES.length : place;
}

function laneOf(test) {
  const place = LONGEST_FIRST.findIndex((lane) => test.path.endsWith(`.${lane}.test.ts`));
  return place === -1 ? LONGEST_FIRST.length : place;
}
