import { publicAccess } from '../../../scripts/audit/rules/public-access';
import { CLUSTER_POINTER, problems, reasoned, stack, status } from '../builders';

const COORDINATOR = 'coordinator_public_ip_access_enabled';
const WORKERS = 'node_public_ip_access_enabled';

describe('public-access', () => {
  it('lets a public coordinator be outside production', () => {
    expect(status(publicAccess, stack('dev', { cluster: { [COORDINATOR]: true } }))).toBe('compliant');
  });

  it('finds a public coordinator in production', () => {
    expect(problems(publicAccess, stack('prod', { cluster: { [COORDINATOR]: true } }))).toEqual([
      {
        constructPath: 'prod/cluster',
        pointer: `${CLUSTER_POINTER}/${COORDINATOR}`,
        check: COORDINATOR,
        message: expect.stringMatching(
          /is true.*private endpoint.*config\/environments\/prod\.yaml/,
        ) as string,
        value: 'true',
      },
    ]);
  });

  it("finds an argument left to the provider's default, which is open", () => {
    const [problem] = problems(publicAccess, stack('dev', { cluster: { [COORDINATOR]: undefined } }));
    expect(problem?.message).toMatch(/is not set, and the provider's default is true/);
    expect(problem?.pointer).toBe(CLUSTER_POINTER);
  });

  it.each([
    ['public', true, /is true/],
    ['unset', undefined, /is not set/],
    ['a token', '${var.open}', /only an apply resolves/],
  ])('finds workers that are %s', (_, value, message) => {
    const found = problems(publicAccess, stack('dev', { cluster: { [WORKERS]: value } }));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  it('warns of public workers with the reason that was given', () => {
    const reason = 'the migration tool writes to workers directly until May';
    const cluster = { [WORKERS]: true, ...reasoned('prod/cluster', { workerPublicAccess: reason }) };
    expect(problems(publicAccess, stack('prod', { cluster }))).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringContaining(reason) as string }),
    ]);
  });

  it('never takes a token for a no', () => {
    const [problem] = problems(publicAccess, stack('prod', { cluster: { [COORDINATOR]: '${var.open}' } }));
    expect(problem?.message).toContain('${var.open}');
  });

  it('reads "true" as Terraform does', () => {
    expect(problems(publicAccess, stack('prod', { cluster: { [COORDINATOR]: 'true' } }))).toHaveLength(1);
  });

  it('has nothing to say of a stack without cluster', () => {
    expect(status(publicAccess, stack('prod', { sections: { resource: {} } }))).toBe('not-applicable');
  });
});
