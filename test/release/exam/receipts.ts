import type { Fields } from './plan-document';
import type { Sealed } from './bundles';

/** Texts of receipts of one environment, the first that was written first. */
export type Chain = string[];

/** Receipts somebody has been at. */
export interface TamperedReceipts {
  readonly id: string;
  /** The chain has four; `elsewhere` is one of another cluster, `prod` of another environment. */
  readonly edit: (chain: Chain, others: { readonly elsewhere: Chain; readonly prod: Chain }) => void;
  /** Whether the receipt that was edited got digest and signature again. The links of the chain stay what they were. */
  readonly sealed: Sealed;
  /** Which one was edited. @default 1 */
  readonly at?: number;
}

const AT = 1;

function text(chain: Chain, at = AT): string {
  const found = chain[at];
  if (found === undefined) throw new Error(`there is no receipt ${String(at)}`);
  return found;
}

function fields(edit: (receipt: Fields) => void, at = AT): (chain: Chain) => void {
  return (chain) => {
    const receipt = JSON.parse(text(chain, at)) as Fields;
    edit(receipt);
    chain[at] = `${JSON.stringify(receipt, undefined, 2)}\n`;
  };
}

const VALUES: readonly (readonly [key: string, value: Fields[string]])[] = [
  ['environment', 'prod'],
  ['cluster', '/subscriptions/1/another'],
  ['releaseDigest', `sha256:${'1'.repeat(64)}`],
  ['bundleDigest', `sha256:${'2'.repeat(64)}`],
  ['bundleDigest', null],
  ['planDigest', `sha256:${'3'.repeat(64)}`],
  ['stackDigest', `sha256:${'4'.repeat(64)}`],
  ['verdict', 'refused'],
  ['verified', false],
  ['writtenAt', '2026-11-29T19:00:00.000Z'],
  ['writtenAt', '2027-11-30T19:00:00.000Z'],
  ['predecessor', null],
  ['predecessor', `sha256:${'5'.repeat(64)}`],
  ['sequence', 7],
  ['sequence', 1],
  ['changes', 0],
];

/** Whoever writes it anew without the right key is found out by the key, and by the link of the receipt after it. */
function values(): TamperedReceipts[] {
  return VALUES.flatMap(([key, value]) =>
    (['as it was', 'no key', 'another key'] as const).map((sealed) => ({
      id: `${key} = ${JSON.stringify(value)}, sealed: ${sealed}`,
      sealed,
      edit: fields((receipt) => void (receipt[key] = value)),
    })),
  );
}

/** With the right key, what is left to find is the chain. */
function rightlySigned(): TamperedReceipts[] {
  return VALUES.map(([key, value]) => ({
    id: `${key} = ${JSON.stringify(value)}, rightly signed, the next one names what was there before`,
    sealed: 'the right key' as const,
    edit: fields((receipt) => void (receipt[key] = value)),
  }));
}

/** Whoever seals a receipt again gives it its digest. */
const SEALS = ['as it was', 'the right key'] as const;

function shapes(): TamperedReceipts[] {
  const edits: readonly (readonly [id: string, edit: (receipt: Fields) => void])[] = [
    ['another format', (receipt) => void (receipt['formatVersion'] = 2)],
    ['another kind', (receipt) => void (receipt['kind'] = 'receipt of tables apply')],
    ['a key more', (receipt) => void (receipt['more'] = 1)],
    ['no digest', (receipt) => Reflect.deleteProperty(receipt, 'digest')],
    ['no plan', (receipt) => Reflect.deleteProperty(receipt, 'planDigest')],
    ['a sequence that is no number', (receipt) => void (receipt['sequence'] = '2')],
    ['written at no time', (receipt) => void (receipt['writtenAt'] = 'today')],
    ['a digest that is none', (receipt) => void (receipt['planDigest'] = 'sha256:short')],
  ];
  return edits.flatMap(([id, edit]) =>
    SEALS.filter((sealed) => sealed === 'as it was' || id !== 'no digest').map((sealed) => ({
      id: `${id}, sealed: ${sealed}`,
      sealed,
      edit: fields(edit, 3),
      at: 3,
    })),
  );
}

function texts(): TamperedReceipts[] {
  const edits: readonly (readonly [id: string, edit: (before: string) => string])[] = [
    ['half of it', (before) => before.slice(0, before.length / 2)],
    ['nothing', () => ''],
    ['a list', () => '[]\n'],
    ['no JSON', () => 'receipt\n'],
    ['a blank more', (before) => before.replace('{', '{ ')],
    ['a line less', (before) => before.trimEnd()],
    ['a key twice', (before) => before.replace('{', '{ "verified": true, ')],
    ['a key twice, spelled otherwise', (before) => before.replace('{', '{ "\\u0076erified": true, ')],
    ['lines ended as on Windows', (before) => before.replaceAll('\n', '\r\n')],
    ['a byte order mark', (before) => `\uFEFF${before}`],
  ];
  return [0, 3].flatMap((at) =>
    edits.map(([id, edit]) => ({
      id: `receipt ${String(at)}: ${id}`,
      sealed: 'as it was' as const,
      at,
      edit: (chain: Chain) => {
        chain[at] = edit(text(chain, at));
      },
    })),
  );
}

function chains(): TamperedReceipts[] {
  const edits: readonly (readonly [id: string, edit: TamperedReceipts['edit']])[] = [
    ['the second is missing', (chain) => void chain.splice(1, 1)],
    ['the second and third are missing', (chain) => void chain.splice(1, 2)],
    ['the second is there twice', (chain) => void chain.splice(1, 0, text(chain))],
    ['the last is there twice', (chain) => void chain.push(text(chain, 3))],
    ['one of another cluster at its end', (chain, { elsewhere }) => void chain.push(text(elsewhere, 3))],
    ['one of another cluster in it', (chain, { elsewhere }) => void (chain[2] = text(elsewhere, 2))],
    ['one of another environment at its end', (chain, { prod }) => void chain.push(text(prod, 3))],
    ['one of another environment in it', (chain, { prod }) => void (chain[2] = text(prod, 2))],
    ['the first of another chain', (chain, { elsewhere }) => void (chain[0] = text(elsewhere, 0))],
  ];
  const signatures: readonly (readonly [id: string, edit: (receipt: Fields) => void])[] = [
    ['no signature', (receipt) => Reflect.deleteProperty(receipt, 'signature')],
    ['no signature, as null', (receipt) => void (receipt['signature'] = null)],
    [
      'a signature of zeros',
      (receipt) => void ((receipt['signature'] as Fields)['value'] = Buffer.alloc(64).toString('base64')),
    ],
    ['a short signature', (receipt) => void ((receipt['signature'] as Fields)['value'] = 'AAAA')],
    ['a key that nobody knows', (receipt) => void ((receipt['signature'] as Fields)['key'] = '0'.repeat(64))],
    ['another algorithm', (receipt) => void ((receipt['signature'] as Fields)['algorithm'] = 'none')],
  ];
  return [
    ...edits.map(([id, edit]) => ({ id, sealed: 'as it was' as const, edit })),
    ...signatures.map(([id, edit]) => ({ id, sealed: 'as it was' as const, edit: fields(edit, 3), at: 3 })),
    {
      id: 'the signature of the receipt before',
      sealed: 'as it was',
      at: 3,
      edit: (chain) => {
        const { signature } = JSON.parse(text(chain, 2)) as Fields;
        fields((receipt) => void (receipt['signature'] = signature ?? null), 3)(chain);
      },
    },
    { id: 'the last one signed by another key', sealed: 'another key', at: 3, edit: () => undefined },
    { id: 'the last one signed by nobody', sealed: 'no key', at: 3, edit: () => undefined },
  ];
}

/** The chains that have to be refused. */
export function tamperedReceipts(): readonly TamperedReceipts[] {
  return [...values(), ...rightlySigned(), ...shapes(), ...texts(), ...chains()];
}
