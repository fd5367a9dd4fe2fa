import { MANDATORY_TAGS, tags } from '../../../scripts/audit/rules/tags';
import { problems, stack, status } from '../builders';

const all = {
  environment: 'dev',
  workload: 'w',
  managedBy: 'm',
  owner: 'o',
  costCentre: 'c',
  production: 'false',
};

describe('tags', () => {
  it('holds where every tag is there, whatever is there beside them', () => {
    expect(status(tags, stack('dev', { cluster: { tags: { ...all, more: 'x' } } }))).toBe('compliant');
  });

  it.each(MANDATORY_TAGS)('finds a resource without %s', (tag) => {
    const without = Object.fromEntries(Object.entries(all).filter(([name]) => name !== tag));
    const found = problems(tags, stack('dev', { cluster: { tags: without } }));
    expect(found).toEqual([
      expect.objectContaining({
        constructPath: 'dev/cluster',
        message: expect.stringContaining(`"${tag}" is not set`) as string,
      }),
    ]);
  });

  it.each([
    ['none', undefined, /tags are not set/],
    ['a token', '${local.tags}', /tags are "\$\{local\.tags\}"/],
    ['an empty value', { ...all, owner: ' ' }, /"owner" is empty/],
    ['a token for a value', { ...all, owner: '${var.owner}' }, /"owner" is \$\{var\.owner\}/],
    [
      'a production that is neither',
      { ...all, production: 'maybe' },
      /"production" is "maybe": .*counts as production/,
    ],
    ['another environment', { ...all, environment: 'prod' }, /is "prod" in the stack of dev/],
  ])('finds %s', (_, value, message) => {
    const found = problems(tags, stack('dev', { cluster: { tags: value } }));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  it('does not apply to a stack of untaggable resources', () => {
    expect(status(tags, stack('dev', { sections: { resource: {} } }))).toBe('not-applicable');
  });
});
