import { ALERT_RULES, alertThresholds, connectionLimit } from '../../../config/azure/alert-thresholds';
import { violationsOf } from '../../../config/file/violations';

const violations = (thresholds: Readonly<Record<string, number>>) =>
  violationsOf(alertThresholds, thresholds);

describe('alertThresholds', () => {
  test('accepts no threshold, the usual ones and the ends of what is allowed', () => {
    expect(violations({})).toEqual([]);
    for (const [name, { threshold, least, most }] of Object.entries(ALERT_RULES)) {
      for (const value of [threshold, least, most]) expect(violations({ [name]: value })).toEqual([]);
    }
  });

  test.each([
    ['storagePercent', 0, 'is 0: it must be a number from 1 to 99'],
    ['storagePercent', 100, 'is 100: it must be a number from 1 to 99'],
    ['cpuPercent', -5, 'is -5: it must be a number from 1 to 99'],
    ['memoryPercent', Number.NaN, 'is NaN: it must be a number from 1 to 99'],
    ['connectionsPercent', 400, 'is 400: it must be a number from 1 to 99'],
    ['replicationLagSeconds', 0.5, 'is 0.5: it must be a number from 1 to 86400'],
    ['replicationLagSeconds', 86_401, 'is 86401: it must be a number from 1 to 86400'],
  ])('refuses %s of %d', (name, value, problem) => {
    expect(violations({ [name]: value })).toEqual([{ at: [name], problem }]);
  });

  test('refuses a threshold there is not, and says what was meant', () => {
    expect(violations({ cpuPercentage: 90 })).toEqual([
      {
        at: ['cpuPercentage'],
        problem:
          'unknown key (did you mean "cpuPercent"?): the keys here are storagePercent, cpuPercent, memoryPercent, connectionsPercent and replicationLagSeconds',
      },
    ]);
    expect(violations({ toString: 1 })).toHaveLength(1);
  });
});

describe('connectionLimit', () => {
  test.each([
    [2, false, 300],
    [4, false, 500],
    [8, false, 500],
    [16, false, 1000],
    [104, false, 1000],
    [1, true, 20],
    [2, true, 40],
  ])('of %d vCores, burstable %s, is %d', (vCores, burstable, connections) => {
    expect(connectionLimit(vCores, burstable)).toBe(connections);
  });
});
