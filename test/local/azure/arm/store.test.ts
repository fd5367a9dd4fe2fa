import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '../../../../scripts/local/azure/arm/store';
import { representation, ResourceStore } from '../../../../scripts/local/azure/arm/store';

const resource = (id: string, properties = {}): Resource => ({ id, name: id, type: 'T/t', properties });

describe('ResourceStore', () => {
  let clock = 0;
  const now = (): number => clock;
  beforeEach(() => {
    clock = 0;
  });

  it('finds a resource however its id is spelled', () => {
    const store = new ResourceStore({ now });
    store.put(resource('/a/B'));
    expect(store.get('/A/b/')?.id).toBe('/a/B');
  });

  it('lists what lies below a resource, not what is merely named alike', () => {
    const store = new ResourceStore({ now });
    for (const id of ['/a', '/a/x', '/a/x/y', '/ab']) store.put(resource(id));
    expect(store.below('/a').map(({ id }) => id)).toEqual(['/a/x', '/a/x/y']);
  });

  it('shows what a resource becomes when the operation ends, and not before', () => {
    const store = new ResourceStore({ now });
    store.put(resource('/a', { size: 1 }));
    const { id } = store.begin(
      {
        resourceId: '/a',
        meanwhile: resource('/a', { size: 1, busy: true }),
        becomes: resource('/a', { size: 2 }),
      },
      100,
    );
    clock = 99;
    expect(store.get('/a')?.properties).toEqual({ size: 1, busy: true });
    expect(store.operationWithin('/A')?.id).toBe(id);
    clock = 100;
    expect(store.get('/a')?.properties).toEqual({ size: 2 });
    expect(store.operationWithin('/a')).toBeUndefined();
    expect(store.operation(id)?.ended).toBe(true);
  });

  it('holds an operation open until it is ended, with its result or without', () => {
    const store = new ResourceStore({ now });
    store.put(resource('/a', { size: 1 }));
    const change = {
      resourceId: '/a',
      meanwhile: resource('/a', { size: 1, busy: true }),
      becomes: resource('/a', { size: 2 }),
    };
    const first = store.begin(change, undefined);
    clock = 1e9;
    expect(store.operationWithin('/a')?.id).toBe(first.id);
    const failure = { code: 'OperationFailed', message: 'no room' };
    store.end(first.id, failure);
    expect(store.get('/a')?.properties).toEqual({ size: 1 });
    expect(store.operation(first.id)).toMatchObject({ ended: true, endsAt: 1e9, failure });
    const second = store.begin(change, undefined);
    store.end(second.id);
    store.end(second.id, failure);
    expect(store.get('/a')?.properties).toEqual({ size: 2 });
    expect(store.operation(second.id)?.failure).toBeUndefined();
  });

  it('breaks off what was open when its process ended: nobody works on it any more', () => {
    const directory = mkdtempSync(join(tmpdir(), 'store-'));
    try {
      const file = join(directory, 'state.json');
      const { id } = new ResourceStore({ file, now }).begin(
        { resourceId: '/a', meanwhile: resource('/a'), becomes: resource('/a') },
        undefined,
      );
      const store = new ResourceStore({ file, now });
      expect(store.get('/a')).toBeUndefined();
      expect(store.operation(id)).toMatchObject({ ended: true, failure: { code: 'OperationBrokenOff' } });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('finds an operation on a part of a resource, but not on its whole or its namesake', () => {
    const store = new ResourceStore({ now });
    const { id } = store.begin({ resourceId: '/a/x', becomes: null }, 100);
    expect(['/a', '/a/x', '/a/x/y', '/a/xy'].map((whole) => store.operationWithin(whole)?.id)).toEqual([
      id,
      id,
      undefined,
      undefined,
    ]);
  });

  it('deletes a resource with everything below it', () => {
    const store = new ResourceStore({ now });
    for (const id of ['/a', '/a/x', '/ab']) store.put(resource(id));
    store.begin({ resourceId: '/a', becomes: null }, 0);
    expect([store.get('/a'), store.get('/a/x'), store.get('/ab')?.id]).toEqual([undefined, undefined, '/ab']);
  });

  it('does not bring back what a later request changed', () => {
    const store = new ResourceStore({ now });
    store.begin({ resourceId: '/a', becomes: resource('/a', { size: 1 }) }, 0);
    expect(store.get('/a')?.properties).toEqual({ size: 1 });
    store.put(resource('/a', { size: 2 }));
    clock = 1000;
    expect(store.get('/a')?.properties).toEqual({ size: 2 });
  });

  it('keeps to itself what a provider hides', () => {
    expect(representation({ ...resource('/a'), hidden: { label: 'x' } })).toEqual(resource('/a'));
  });

  describe('with a file', () => {
    let directory = '';
    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), 'store-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it('survives a restart, operations under way included', () => {
      const file = join(directory, 'azure.json');
      const first = new ResourceStore({ file, now });
      first.put({ ...resource('/a', { size: 1 }), hidden: { label: 'x' } });
      const { id } = first.begin({ resourceId: '/a', becomes: resource('/a', { size: 2 }) }, 100);
      const second = new ResourceStore({ file, now });
      expect(second.get('/a')).toMatchObject({ properties: { size: 1 }, hidden: { label: 'x' } });
      expect(second.operation(id)?.ended).toBe(false);
      clock = 100;
      expect(second.get('/a')?.properties).toEqual({ size: 2 });
      expect(new ResourceStore({ file, now }).operation(id)?.ended).toBe(true);
    });

    it.each([
      ['is no JSON', '{'],
      ['holds something else', '{"formatVersion":2}'],
    ])('refuses a file that %s, and leaves it alone', (_, content) => {
      const file = join(directory, 'azure.json');
      writeFileSync(file, content);
      expect(() => new ResourceStore({ file, now })).toThrow(/azure\.json does not hold the state/);
      expect(readFileSync(file, 'utf8')).toBe(content);
    });
  });
});
