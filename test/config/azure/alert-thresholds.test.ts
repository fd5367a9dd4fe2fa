import {
  ALERT_RULES,
  alertThresholdViolations,
  connectionLimit,
} from '../../../config/azure/alert-thresholds';

describe('alertThresholdViolations', () => {
  test('accepts no threshold, the usual ones and the ends of what is allowed', () => {
    expect(alertThresholdViolations({})).toEqual([]);
    for (const [name, { threshold, least, most }] of Object.entries(ALERT_RULES)) {
      for (const value of [threshold, least, most, undefined]) {
        expect(alertThresholdViolations({ [name]: value })).toEqual([]);
      }
    }
  });

  test.each([
    ['storagePercent', 0, 'is 0: it is a number from 1 to 99'],
    ['storagePercent', 100, 'is 100: it is a number from 1 to 99'],
    ['cpuPercent', -5, 'is -5: it is a number from 1 to 99'],
    ['memoryPercent', Number.NaN, 'is NaN: it is a number from 1 to 99'],
    ['connectionsPercent', 400, 'is 400: it is a number from 1 to 99'],
    ['replicationLagSeconds', 0.5, 'is 0.5: it is a number from 1 to 86400'],
    ['replicationLagSeconds', 86_401, 'is 86401: it is a number from 1 to 86400'],
  ])('refuses %s of %d', (name, value, problem) => {
    expect(alertThresholdViolations({ [name]: value })).toEqual([{ at: [name], problem }]);
  });

  test('refuses a threshold there is not, and says what was meant', () => {
    expect(alertThresholdViolations({ cpuPercentage: 90 })).toEqual([
      {
        at: ['cpuPercentage'],
        problem:
          'is no threshold (did you mean "cpuPercent"?): there are storagePercent, cpuPercent, memoryPercent, connectionsPercent or replicationLagSeconds',
      },
    ]);
    expect(alertThresholdViolations({ toString: 1 })).toHaveLength(1);
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
