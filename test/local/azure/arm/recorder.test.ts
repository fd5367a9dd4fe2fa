import fc from 'fast-check';
import type { Json } from '../../../../scripts/local/azure/arm/arm';
import { redact, redactDataPlane, redactForm } from '../../../../scripts/local/azure/arm/recorder';
import { cases } from '../../../support/properties';

const SECRET = 'k3ep-m3-out';

describe('redact', () => {
  it('replaces a password and nothing else', () => {
    expect(
      redact({ properties: { administratorLoginPassword: SECRET, nodeCount: 2, zones: ['1'] } }),
    ).toEqual({
      properties: { administratorLoginPassword: '(redacted)', nodeCount: 2, zones: ['1'] },
    });
  });

  it('finds a secret at any depth', () => {
    const nesting = fc.array(fc.oneof(fc.constant('list'), fc.string({ maxLength: 5 })), { maxLength: 6 });
    fc.assert(
      fc.property(nesting, fc.constantFrom('password', 'clientSecret', 'accessToken'), (path, name) => {
        const value = path.reduceRight<Json>(
          (inner, step) => (step === 'list' ? [inner, 1] : { [step]: inner, other: 1 }),
          { [name]: { value: SECRET } },
        );
        expect(JSON.stringify(redact(value))).not.toContain(SECRET);
      }),
      cases(),
    );
  });

  it('knows that a vault calls a secret value, as Resource Manager calls anything', () => {
    const body = { value: SECRET, contentType: 'text', attributes: { exp: 1 } };
    expect(redactDataPlane(body)).toEqual({ ...body, value: '(redacted)' });
    expect(redact({ value: 'westus2' })).toEqual({ value: 'westus2' });
  });

  it('keeps the field names of a login form alone', () => {
    expect(redactForm(`client_id=me&client_secret=${SECRET}`)).toEqual({
      client_id: '(redacted)',
      client_secret: '(redacted)',
    });
  });
});
