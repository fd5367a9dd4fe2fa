import { availability } from '../../../scripts/audit/rules/availability';
import { existing, problems, stack, status } from '../builders';

describe('availability', () => {
  it('holds for a production cluster with standbys and a window', () => {
    expect(status(availability, stack('prod'))).toBe('compliant');
  });

  it('reads a window written as a list of one', () => {
    const listed = stack('prod', { cluster: { maintenance_window: [{ day_of_week: 6, start_hour: 1 }] } });
    expect(status(availability, listed)).toBe('compliant');
  });

  it.each([
    ['no standby', { ha_enabled: false }, /ha_enabled is false/],
    ['standby unset', { ha_enabled: undefined }, /ha_enabled is not set/],
    ['standby a token', { ha_enabled: '${var.ha}' }, /ha_enabled is \$\{var\.ha\}/],
    ['no window', { maintenance_window: undefined }, /maintenance_window is not set/],
    ['an empty list', { maintenance_window: [] }, /maintenance_window is not set/],
    ['no hour', { maintenance_window: { day_of_week: 0 } }, /start_hour is not set/],
    [
      'a token for a day',
      { maintenance_window: { day_of_week: '${var.d}', start_hour: 3 } },
      /day_of_week is/,
    ],
  ])('finds %s', (_, cluster, message) => {
    const found = problems(availability, stack('prod', { cluster }));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
  });

  const replica = {
    ha_enabled: false,
    source_resource_id: '/subscriptions/s/source',
    source_location: 'westus2',
  };
  it.each([
    ['a replica that follows', { ...replica, administrator_login_password: undefined }, 0],
    ['a replica that was promoted', replica, 1],
    [
      'a restored cluster',
      { ...replica, administrator_login_password: undefined, point_in_time_in_utc: '2026-01-31T12:00:00Z' },
      1,
    ],
  ])('asks no standby of a replica, which cannot have one: %s', (_, cluster, count) => {
    expect(problems(availability, stack('prod', { cluster }))).toHaveLength(count);
  });

  it('cannot tell an adopted replica, and says what to do', () => {
    const adopted = stack('prod', existing(false, { cluster: { ha_enabled: false } }));
    expect(problems(availability, adopted).map(({ message }) => message)).toEqual([
      expect.stringMatching(/An adopted read replica can have none, .*: waive it$/),
    ]);
  });

  it('does not apply outside production', () => {
    expect(status(availability, stack('dev', { cluster: { ha_enabled: false } }))).toBe('not-applicable');
  });
});
