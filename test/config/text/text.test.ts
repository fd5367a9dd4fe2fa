import { didYouMean } from '../../../config/text/text';

test.each([
  ['a letter too many', 'sttage', 'stage'],
  ['a letter left out', 'stge', 'stage'],
  ['a wrong letter', 'stave', 'stage'],
  ['two neighbours swapped', 'stgae', 'stage'],
  ['the first two swapped', 'tsage', 'stage'],
  ['the last two swapped', 'staeg', 'stage'],
  ['another case', 'Stage', 'stage'],
  ['two swaps in a long word', 'hihgAvialability', 'highAvailability'],
])('guesses after %s', (_title, written, meant) => {
  expect(didYouMean(written, ['coordinator', meant])).toBe(` (did you mean "${meant}"?)`);
});

test('guesses nothing for a word that is far from all', () => {
  expect(didYouMean('stage', ['coordinator', 'workers'])).toBe('');
  expect(didYouMean('eagts', ['stage'])).toBe('');
});
