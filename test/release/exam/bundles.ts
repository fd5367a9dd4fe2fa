import type { Fields } from './plan-document';

/** The files of a bundle, by their paths in it. */
export type Files = Map<string, Buffer>;

/**
 * Whether somebody made the manifest fit again: not at all, with no key, with a key that no policy names, or with the right one, as
 * a bundle of another version of this program might be, or one that its own maker got wrong.
 */
export type Sealed = 'as it was' | 'no key' | 'another key' | 'the right key';

/** A bundle somebody has been at. */
export interface TamperedBundle {
  readonly id: string;
  readonly sealed: Sealed;
  /** Whole bundles of other places and times are at hand to take files from. */
  readonly edit?: (files: Files, others: Readonly<Record<Other, Files>>) => void;
  /** On the disk: what files alone cannot say. */
  readonly onDisk?: 'symlink' | 'linked directory' | 'pipe' | 'directory' | 'huge' | 'only the manifest';
  /** Which file that is about. */
  readonly file?: string;
}

/** `prod`: of another environment; `earlier`: of this one, when it had another size; `elsewhere`: of a cluster of the same name in another subscription. */
export type Other = 'prod' | 'earlier' | 'elsewhere';

export const MANIFEST = 'manifest.json';
export const FILES = [
  'stack/cdk.tf.json',
  'stack/.terraform.lock.hcl',
  'plan.json',
  'review.txt',
  'audit.json',
  'versions.json',
  'release.json',
] as const;
const DOCUMENTS = [MANIFEST, ...FILES.filter((name) => name.endsWith('.json'))];

function bytes(files: Files, name: string): Buffer {
  const found = files.get(name);
  if (found === undefined) throw new Error(`the bundle has no ${name}`);
  return found;
}

function flip(files: Files, name: string, part: number): void {
  const changed = Buffer.from(bytes(files, name));
  const at = Math.min(changed.length - 1, Math.floor(changed.length * part));
  changed[at] = (changed[at] ?? 0) ^ 1;
  files.set(name, changed);
}

function replace(files: Files, name: string, from: RegExp, by: string): void {
  const before = bytes(files, name).toString();
  const after = before.replace(from, by);
  if (after === before) throw new Error(`${name} holds no ${String(from)}`);
  files.set(name, Buffer.from(after));
}

function json(files: Files, name: string, edit: (document: Fields) => void): void {
  const document = JSON.parse(bytes(files, name).toString()) as Fields;
  edit(document);
  files.set(name, Buffer.from(`${JSON.stringify(document, undefined, 2)}\n`));
}

const swap = (files: Files, a: string, b: string): void => {
  const [first, second] = [bytes(files, a), bytes(files, b)];
  files.set(a, second).set(b, first);
};

/** Each file, by a byte and as a whole, with the manifest left alone or made to fit by somebody without the right key. */
function byFile(): TamperedBundle[] {
  const edits: readonly (readonly [what: string, edit: (files: Files, name: string) => void])[] = [
    ['a bit at the start', (files, name) => flip(files, name, 0)],
    ['a bit in the middle', (files, name) => flip(files, name, 0.5)],
    ['a bit at the end', (files, name) => flip(files, name, 1)],
    [
      'half of it',
      (files, name) => files.set(name, bytes(files, name).subarray(0, bytes(files, name).length / 2)),
    ],
    ['one byte less', (files, name) => files.set(name, bytes(files, name).subarray(0, -1))],
    [
      'one byte more',
      (files, name) => files.set(name, Buffer.concat([bytes(files, name), Buffer.from(' ')])),
    ],
    ['emptied', (files, name) => files.set(name, Buffer.alloc(0))],
    ['gone', (files, name) => files.delete(name)],
  ];
  return [MANIFEST, ...FILES].flatMap((name) =>
    edits.map(([what, edit]) => ({
      id: `${name}: ${what}`,
      sealed: 'as it was' as const,
      edit: (files: Files) => {
        edit(files, name);
      },
    })),
  );
}

function fromOthers(): TamperedBundle[] {
  return (['prod', 'earlier', 'elsewhere'] as const).flatMap((other) =>
    FILES.filter((name) => name !== 'stack/.terraform.lock.hcl' && name !== 'versions.json').flatMap((name) =>
      (['as it was', 'no key', 'another key'] as const).map((sealed) => ({
        id: `${name} of ${other}, sealed: ${sealed}`,
        sealed,
        edit: (files: Files, others: Readonly<Record<Other, Files>>) => {
          // A file that is the same in both would be no tampering; a byte tells them apart.
          const theirs = bytes(others[other], name);
          const same = theirs.equals(bytes(files, name));
          files.set(name, same ? Buffer.concat([theirs, Buffer.from('\n')]) : theirs);
        },
      })),
    ),
  );
}

function wholeOthers(): TamperedBundle[] {
  return (['prod', 'earlier', 'elsewhere'] as const).map((other) => ({
    id: `the whole bundle of ${other}`,
    sealed: 'as it was' as const,
    edit: (files: Files, others: Readonly<Record<Other, Files>>) => {
      files.clear();
      for (const [name, content] of others[other]) files.set(name, content);
    },
  }));
}

/** A key twice, which some readers take by its first and some by its last value. */
function twice(): TamperedBundle[] {
  return DOCUMENTS.flatMap((name) =>
    (name === MANIFEST ? (['as it was'] as const) : (['as it was', 'no key', 'the right key'] as const)).map(
      (sealed) => ({
        id: `${name}: a key twice, sealed: ${sealed}`,
        sealed,
        edit: (files: Files) => {
          replace(files, name, /^\{/, '{ "formatVersion": 7, "formatVersion": 7,');
        },
      }),
    ),
  );
}

/** What a careful forger writes, who can make every digest fit. */
const FORGED: readonly (readonly [id: string, edit: (files: Files) => void])[] = [
  [
    'the stack gets a third worker',
    (files) => replace(files, 'stack/cdk.tf.json', /"node_count": *2/, '"node_count": 3'),
  ],
  [
    'the stack opens a rule',
    (files) => replace(files, 'stack/cdk.tf.json', /203\.0\.113\.15/, '255.255.255.255'),
  ],
  ['the lock file names another hash', (files) => replace(files, 'stack/.terraform.lock.hcl', /h1:/, 'h1:a')],
  [
    'the lock file names no hash',
    (files) => replace(files, 'stack/.terraform.lock.hcl', /hashes = \[[^\]]*\]/, 'hashes = []'),
  ],
  [
    'the review says less than the plan',
    (files) => replace(files, 'review.txt', /node_count|workers/, 'nothing'),
  ],
  [
    'the plan says three workers',
    (files) => replace(files, 'plan.json', /"node_count": *2/, '"node_count": 3'),
  ],
  [
    'the audit has no findings any more',
    (files) => json(files, 'audit.json', (audit) => void (audit['verdict'] = 'refused')),
  ],
  ['another version of Terraform', (files) => replace(files, 'versions.json', /1\.11\.4/, '1.5.0')],
  ['another provider', (files) => replace(files, 'versions.json', /4\.55\.0/, '4.54.0')],
  ['another release', (files) => replace(files, 'release.json', /sha256:[0-9a-f]/, 'sha256:zz')],
];

function forged(): TamperedBundle[] {
  return FORGED.flatMap(([id, edit]) =>
    (['as it was', 'no key', 'another key'] as const).map((sealed) => ({
      id: `${id}, sealed: ${sealed}`,
      sealed,
      edit,
    })),
  );
}

/** What contradicts itself is refused whoever signed it. */
const CONTRADICTIONS: readonly (readonly [id: string, edit: (files: Files) => void])[] = [
  ['the review is of another plan', (files) => files.set('review.txt', Buffer.from('Nothing to do.\n'))],
  [
    'the plan is of another environment',
    (files) => json(files, 'plan.json', (plan) => void (plan['environment'] = 'prod')),
  ],
  [
    'the plan is of another format',
    (files) => json(files, 'plan.json', (plan) => void (plan['formatVersion'] = 2)),
  ],
  ['the plan is a receipt', (files) => json(files, 'plan.json', (plan) => void (plan['kind'] = 'receipt'))],
  ['the plan has a key more', (files) => json(files, 'plan.json', (plan) => void (plan['more'] = true))],
  [
    'the plan has no meaning',
    (files) => json(files, 'plan.json', (plan) => Reflect.deleteProperty(plan, 'meaning')),
  ],
  ['the plan is a list', (files) => files.set('plan.json', Buffer.from('[]\n'))],
  ['the plan is no JSON', (files) => files.set('plan.json', Buffer.from('plan\n'))],
  ['the stack is a list', (files) => files.set('stack/cdk.tf.json', Buffer.from('[]\n'))],
  ['the stack is no JSON', (files) => files.set('stack/cdk.tf.json', Buffer.from('{\n'))],
  [
    'the lock file locks nothing',
    (files) => files.set('stack/.terraform.lock.hcl', Buffer.from('# nothing\n')),
  ],
  [
    'the audit is of another environment',
    (files) => json(files, 'audit.json', (audit) => void (audit['environment'] = 'prod')),
  ],
  [
    'the audit was refused',
    (files) => json(files, 'audit.json', (audit) => void (audit['verdict'] = 'refused')),
  ],
  ['versions of another provider', (files) => replace(files, 'versions.json', /4\.55\.0/, '4.54.0')],
  [
    'the release is another',
    (files) => replace(files, 'release.json', /"digest": "sha256:/, '"digest": "sha256:00'),
  ],
  ['review and plan change places', (files) => swap(files, 'review.txt', 'plan.json')],
  ['audit and versions change places', (files) => swap(files, 'audit.json', 'versions.json')],
];

/** Of the manifest itself, whatever else in it fits. */
const MANIFESTS: readonly (readonly [id: string, edit: (manifest: Fields) => void])[] = [
  ['another format', (manifest) => void (manifest['formatVersion'] = 2)],
  ['another kind', (manifest) => void (manifest['kind'] = 'receipt')],
  ['another environment', (manifest) => void (manifest['environment'] = 'prod')],
  ['another plan', (manifest) => void (manifest['planDigest'] = `sha256:${'0'.repeat(64)}`)],
  ['another release', (manifest) => void (manifest['releaseDigest'] = `sha256:${'0'.repeat(64)}`)],
  ['another cluster', (manifest) => void (manifest['cluster'] = '/subscriptions/1/another')],
  ['made in a year', (manifest) => void (manifest['createdAt'] = '2027-11-30T19:00:00.000Z')],
  ['made at no time', (manifest) => void (manifest['createdAt'] = 'yesterday')],
  ['a key more', (manifest) => void (manifest['more'] = true)],
  ['no files', (manifest) => void (manifest['files'] = [])],
  [
    'a file twice',
    (manifest) => void (manifest['files'] as Fields[]).push({ ...(manifest['files'] as Fields[])[0] }),
  ],
  ['files in another order', (manifest) => void (manifest['files'] as Fields[]).reverse()],
  ...[
    '../stack/cdk.tf.json',
    '/etc/passwd',
    'stack/../plan.json',
    'stack\\cdk.tf.json',
    'C:\\plan.json',
    './plan.json',
    'plan.json\u0000',
    'stack//cdk.tf.json',
    'more.txt',
    'PLAN.json',
    'stack/more.tf',
  ].map((name): readonly [string, (manifest: Fields) => void] => [
    `a file called ${JSON.stringify(name)}`,
    (manifest) => {
      const [first] = manifest['files'] as Fields[];
      (manifest['files'] as Fields[])[0] = { ...first, path: name };
    },
  ]),
  ...([-1, 0.5, 1e15, '7', null] as const).map((size): readonly [string, (manifest: Fields) => void] => [
    `a file of ${String(size)} bytes`,
    (manifest) => {
      const [first] = manifest['files'] as Fields[];
      (manifest['files'] as Fields[])[0] = { ...first, bytes: size };
    },
  ]),
];

function unnamed(): TamperedBundle[] {
  return [
    'more.tf',
    'stack/more.tf.json',
    'stack/terraform.tfvars',
    'stack/.terraform/modules.json',
    '.hidden',
    'plan',
    'tables-plan.json',
    'stack/override.tf.json',
  ].map((name) => ({
    id: `a file that the manifest does not name: ${name}`,
    sealed: 'as it was' as const,
    edit: (files: Files) => {
      files.set(name, Buffer.from('{}\n'));
    },
  }));
}

function onDisk(): TamperedBundle[] {
  const links = [MANIFEST, ...FILES].map((file) => ({
    id: `${file} is a symbolic link`,
    sealed: 'as it was' as const,
    onDisk: 'symlink' as const,
    file,
  }));
  return [
    ...links,
    { id: 'the stack lies elsewhere', sealed: 'as it was', onDisk: 'linked directory', file: 'stack' },
    { id: 'a pipe beside the files', sealed: 'as it was', onDisk: 'pipe', file: 'pipe' },
    { id: 'a pipe in place of the plan', sealed: 'as it was', onDisk: 'pipe', file: 'plan.json' },
    { id: 'an empty directory more', sealed: 'as it was', onDisk: 'directory', file: 'more' },
    { id: 'a manifest of two gigabytes', sealed: 'as it was', onDisk: 'huge', file: MANIFEST },
    { id: 'a plan of two gigabytes', sealed: 'as it was', onDisk: 'huge', file: 'plan.json' },
    { id: 'a manifest alone', sealed: 'as it was', onDisk: 'only the manifest' },
  ];
}

/** The bundles that have to be refused, with nothing applied. */
export function tamperedBundles(): readonly TamperedBundle[] {
  return [
    ...byFile(),
    ...fromOthers(),
    ...wholeOthers(),
    ...twice(),
    ...forged(),
    ...CONTRADICTIONS.map(([id, edit]) => ({
      id: `${id}, rightly signed`,
      sealed: 'the right key' as const,
      edit,
    })),
    ...MANIFESTS.map(([id, edit]) => ({
      id: `the manifest has ${id}, rightly signed`,
      sealed: 'the right key' as const,
      edit: (files: Files) => json(files, MANIFEST, edit),
    })),
    ...unnamed(),
    ...onDisk(),
    { id: 'signed by another key', sealed: 'another key' },
    { id: 'signed by nobody', sealed: 'no key' },
    {
      id: 'the manifest with its keys in another order',
      sealed: 'as it was',
      edit: (files) =>
        json(files, MANIFEST, (manifest) => {
          const first = Object.entries(manifest)[0];
          if (first === undefined) return;
          Reflect.deleteProperty(manifest, first[0]);
          manifest[first[0]] = first[1];
        }),
    },
    {
      id: 'the signature of another bundle',
      sealed: 'as it was',
      edit: (files, { earlier }) => {
        const theirs = JSON.parse(bytes(earlier, MANIFEST).toString()) as Fields;
        json(files, MANIFEST, (manifest) => void (manifest['signature'] = theirs['signature'] ?? null));
      },
    },
  ];
}
