import { withoutCreationTraces } from '../../stacks/creation-traces';

test('nothing keeps a trace inside, and an error that gets out has its own', () => {
  const format = () => Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const before = format();
  expect(withoutCreationTraces(() => new Error('token').stack)).toBe('');
  let thrown: unknown;
  try {
    withoutCreationTraces(() => {
      throw new Error('a fault');
    });
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Error).stack).toContain('creation-traces.test');
  expect(format()).toEqual(before);
});
