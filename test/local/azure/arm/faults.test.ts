import type { Fault } from '../../../../scripts/local/azure/arm/faults';
import { matchFault, refusalOf } from '../../../../scripts/local/azure/arm/faults';

const fault = (over: Partial<Fault> = {}): Fault => ({ path: /wwi/, answer: { kind: 'failed' }, ...over });

describe('matchFault', () => {
  it('meets the requests it names, by method and path, and is then used up', () => {
    const faults = [fault({ method: 'PUT' })];
    expect(matchFault(faults, 'GET', '/a/wwi')).toEqual({ left: faults });
    expect(matchFault(faults, 'PUT', '/a/other')).toEqual({ left: faults });
    expect(matchFault(faults, 'PUT', '/a/wwi')).toEqual({ answer: { kind: 'failed' }, left: [] });
  });

  it('meets as many requests as it was asked to', () => {
    let faults: readonly Fault[] = [fault({ times: 3 })];
    let met = 0;
    for (let request = 0; request < 5; request += 1) {
      const match = matchFault(faults, 'GET', '/wwi');
      faults = match.left;
      met += match.answer === undefined ? 0 : 1;
    }
    expect([met, faults]).toEqual([3, []]);
  });

  it('comes one at a time, in the order asked for, and leaves the others alone', () => {
    const other = fault({ path: /other/ });
    const second = fault({ answer: { kind: 'conflict' } });
    expect(matchFault([other, fault(), second], 'GET', '/wwi').left).toEqual([other, second]);
  });

  it('is not led astray by a pattern that remembers', () => {
    const faults = [fault({ path: /wwi/g, times: 2 })];
    const { left } = matchFault(faults, 'GET', '/wwi');
    expect(matchFault(left, 'GET', '/wwi').answer).toEqual({ kind: 'failed' });
  });

  it('keeps the failure of an operation for a request that can begin one', () => {
    const faults = [fault({ answer: { kind: 'operationFails' } })];
    expect(matchFault(faults, 'GET', '/wwi').answer).toBeUndefined();
    expect(matchFault(faults, 'DELETE', '/wwi').answer).toEqual({ kind: 'operationFails' });
  });
});

describe('refusalOf', () => {
  it.each([
    [{ kind: 'throttled', retryAfterSeconds: 7 }, 429, { 'Retry-After': '7' }],
    [{ kind: 'failed' }, 500, {}],
    [{ kind: 'conflict' }, 409, {}],
  ] as const)('turns %j into a refusal', (answer, status, headers) => {
    expect(refusalOf(answer)?.response).toMatchObject({ status, headers });
  });

  it('lets the others through', () => {
    expect(refusalOf({ kind: 'slow', ms: 1 })).toBeUndefined();
    expect(refusalOf({ kind: 'operationFails' })).toBeUndefined();
    expect(refusalOf(undefined)).toBeUndefined();
  });
});
