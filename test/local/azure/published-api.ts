import { isDeepStrictEqual } from 'node:util';
import type { Surroundings } from '../../../scripts/local/azure/arm/surroundings';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import { laneStatus, laneSuite } from '../../support/lanes';
import type { Operation } from '../../support/openapi';
import { differences, lost } from '../../support/openapi';
import type { PublishedApi } from '../../support/published-apis';
import { publishedFile } from '../../support/published-apis';
import type { ArmAnswer, Send } from './arm-client';
import type { Book, BookOptions, Replay } from './published-replays';
import { bodyParameter, bookOf, EMPTY_BOOK, namesRefused, withinItem } from './published-replays';

/** A service that the stand-in plays, and how to make it ready for the requests of the service's published file. */
export interface PublishedService extends BookOptions {
  readonly api: PublishedApi;
  /** Titles of examples of what the stand-in does not do, and says so. */
  readonly notDone?: RegExp;
  readonly client: (azure: AzureStandIn) => Send;
  /** Makes what has to be there before a request can be answered. @returns the request, with what had to fit */
  readonly prepare: (replay: Replay, send: Send) => Promise<Replay>;
}

/** Holds every answer of the stand-in against a service's published file. */
export function publishedApiSuite(service: PublishedService): void {
  const { api, notAnswered, notDone, prepare } = service;
  laneSuite('specs', `the published ${api.file} of ${api.version}`, () => {
    const { runs, reason } = laneStatus('specs');
    // What the lane runs on is the copy.
    const book = runs ? bookOf(publishedFile(reason, api) ?? '', service) : EMPTY_BOOK;
    const isDone = ({ title }: Replay): boolean => notDone?.test(title) !== true;
    const done = book.replays.filter(isDone);

    it('has examples, and has by its name what is not answered', () => {
      expect(done.length).toBeGreaterThan(0);
      expect(book.notAnswered.map(({ title }) => title).sort()).toEqual([...notAnswered].sort());
    });

    it('has every example request answered as it says, and what it asks for is there afterwards', async () => {
      const found = await inAzuresOfTheirOwn(service, done, async (replay, send, azure) => {
        const ready = await prepare(replay, send);
        const answer = await send(ready.method, ready.path, ready.body);
        if (answer.status >= 400) return [unexpected(answer)];
        return [
          ...problems(book, answer, ready.operation),
          ...(await after(book, ready, answer, send, azure)),
        ];
      });
      expect(found).toEqual({});
    }, 120_000);

    it('has every example request refused as it says where nothing is there', async () => {
      const found = await inOneAzure(service, done, async (replay, send) =>
        problems(book, await send(replay.method, replay.path, replay.body), replay.operation),
      );
      expect(found).toEqual({});
    }, 120_000);

    it('has requests refused for what the stand-in does not do', async () => {
      const isRefused = (answer: ArmAnswer): string[] => (answer.status === 501 ? [] : [unexpected(answer)]);
      const refused = async ({ method, path, body }: Replay, send: Send): Promise<string[]> =>
        isRefused(await send(method, path, body));
      const others = book.replays.filter((replay) => !isDone(replay));
      expect(await inOneAzure(service, book.notAnswered, refused)).toEqual({});
      expect(
        await inAzuresOfTheirOwn(service, others, async (replay, send) =>
          refused(await prepare(replay, send), send),
        ),
      ).toEqual({});
    }, 120_000);

    it('has names refused that it does not allow', async () => {
      const puts = done.filter(({ method }) => method === 'PUT');
      const found = await inAzuresOfTheirOwn(service, puts, async (replay, send) => {
        const { path, body, operation } = await prepare(replay, send);
        const wrong: string[] = [];
        for (const name of namesRefused(book.file, replay)) {
          const answer = await send('PUT', path.replace(/[^/]+$/, encodeURIComponent(name)), body);
          wrong.push(
            ...(answer.status < 400 ? [`the name ${name} is taken`] : problems(book, answer, operation)),
          );
        }
        return wrong;
      });
      expect(found).toEqual({});
    }, 120_000);
  });
}

/** Connects a private endpoint to a server or cluster. @returns the connection's name, which the service gives it */
export async function connected(send: Send, id: string, subresource: string): Promise<string> {
  const network = id.replace(/\/providers\/.*/, '/providers/Microsoft.Network');
  await send('PUT', `${network}/privateEndpoints/example`, {
    location: 'eastus',
    properties: {
      subnet: { id: subnetBeside(id) },
      privateLinkServiceConnections: [
        { name: 'example', properties: { privateLinkServiceId: id, groupIds: [subresource] } },
      ],
    },
  });
  const { privateEndpointConnections } = (await send('GET', id)).body.properties;
  return (privateEndpointConnections as { name: string }[])[0]?.name ?? '';
}

/** The subnet of whoever asks for a private endpoint to `id`. */
function subnetBeside(id: string): string {
  return id.replace(/\/providers\/.*/, '/providers/Microsoft.Network/virtualNetworks/v/subnets/s');
}

/** The subscriptions that requests are sent to, with a subnet beside all that they ask for. */
function surroundingsOf(replays: readonly Replay[]): Surroundings {
  const paths = replays.map(({ path }) => path);
  return {
    subscriptions: paths.flatMap((path) => /^\/subscriptions\/([^/]+)/.exec(path)?.[1] ?? []),
    subnets: Object.fromEntries(paths.map((path) => [subnetBeside(path), 'eastus'])),
  };
}

type Trial = (replay: Replay, send: Send, azure: AzureStandIn) => Promise<string[]>;

/** What is wrong, by the titles of the replays; each of them finds what the one before it left. */
async function inOneAzure(
  { client }: PublishedService,
  replays: readonly Replay[],
  tried: Trial,
): Promise<Record<string, string[]>> {
  const surroundings = surroundingsOf(replays);
  const azure = await startAzureStandIn({ surroundings, operationMs: 0, newClusters: 'accepted' });
  try {
    const found: Record<string, string[]> = {};
    for (const replay of replays) {
      const wrong = await tried(replay, client(azure), azure);
      if (wrong.length > 0) found[replay.title] = wrong;
    }
    return found;
  } finally {
    await azure.close();
  }
}

/** The same where each replay finds nothing but what is made for it. */
async function inAzuresOfTheirOwn(
  service: PublishedService,
  replays: readonly Replay[],
  tried: Trial,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const replay of replays) Object.assign(found, await inOneAzure(service, [replay], tried));
  return found;
}

function unexpected({ status, body }: ArmAnswer): string {
  return `HTTP status ${String(status)}: ${JSON.stringify(body)}`;
}

/** What of an answer is not as the file has it: its status, its headers, its body. */
function problems({ file, beyond }: Book, answer: ArmAnswer, { responses }: Operation): string[] {
  const { status, headers, body } = answer;
  const isRefusal = status >= 400 && status < 500;
  const response = responses[String(status)] ?? (isRefusal ? responses['default'] : undefined);
  if (response === undefined) return [unexpected(answer)];
  const wrongHeaders = Object.entries(response.headers ?? {})
    .map(([name, { type }]) => ({ name, type, header: headerOf(headers, name) }))
    .filter(({ header, type }) => typeof header !== 'string' || (type === 'integer' && !/^\d+$/.test(header)))
    .map(({ name, header }) => `the header ${name} is ${String(header)}`);
  if (response.schema === undefined) {
    return [...wrongHeaders, ...(Object.keys(body).length === 0 ? [] : ['there is a body'])];
  }
  const wrong = differences(body, response.schema, file);
  return [...wrongHeaders, ...wrong.filter((each) => !beyond.has(withinItem(each)))];
}

/** The older file writes `azure-async-operation` for what its own examples have as `Azure-AsyncOperation`. */
function headerOf(headers: ArmAnswer['headers'], name: string): unknown {
  return headers[name.toLowerCase().replace('azure-async-operation', 'azure-asyncoperation')];
}

/** What is wrong once an operation that a request began has ended: with its end, its result, and the resource. */
async function after(
  book: Book,
  { method, pattern, path, body, operation }: Replay,
  { headers }: ArmAnswer,
  send: Send,
  azure: AzureStandIn,
): Promise<string[]> {
  const follow = (header: string): Promise<ArmAnswer> =>
    send('GET', String(headers[header]).slice(azure.origin.length).replace(/\?.*/, ''));
  if (headers['azure-asyncoperation'] === undefined) return [];
  const ended = (await follow('azure-asyncoperation')).body['status'];
  if (ended !== 'Succeeded') return [`the operation is ${String(ended)}`];
  const reading = book.paths[pattern]?.['get'];
  const schema = bodyParameter(book.file, operation)?.schema;
  if (reading === undefined || schema === undefined || method === 'POST') return [];
  const read = await send('GET', path);
  const result = await follow('location');
  return [
    ...(isDeepStrictEqual(result.body, read.body) ? [] : ['the result is not what is read afterwards']),
    ...problems(book, result, reading).map((each) => `in the result ${each}`),
    ...problems(book, read, reading).map((each) => `afterwards ${each}`),
    ...lost(body, read.body, schema, book.file).map((each) => `afterwards ${each}`),
  ];
}
