import { allOf } from '../../../config/text/text';
import { lostSince } from '../../citus/node-starts';
import type { LostNodes, NodeStarts } from '../../citus/node-starts';
import { explain, isOfLostNode, isServerError, ScaleoutError, serverDetails } from '../../lib/errors';
import type { ServerMessage } from '../../lib/errors';

/** A move that failed for what a server said. */
export class MoveFailedError extends ScaleoutError {
  /** How many moves are done, as a sentence without its end. */
  readonly stands: string;

  constructor(message: string, stands: string, cause: unknown) {
    super('rebalance.move-failed', message, { cause });
    this.stands = stands;
  }
}

/**
 * Tells a move that failed of itself from one whose server was lost under it. Citus words that in dozens of ways, or says what came of it,
 * such as a table that is not there; whether a node answers, and since when it has been up, is a fact.
 */
export class NodeWatch {
  private readonly before: NodeStarts;
  private readonly look: () => Promise<NodeStarts>;

  /** @param look in a session of its own: that of the run may wait for what was lost */
  constructor(before: NodeStarts, look: () => Promise<NodeStarts>) {
    this.before = before;
    this.look = look;
  }

  /** @returns the error to end a run with that failed by `error`, which may be that one */
  async judge(error: unknown): Promise<unknown> {
    const said = error instanceof MoveFailedError || isServerError(error) ? serverErrorIn(error) : undefined;
    if (said === undefined || said.code === '42501') return error;
    const lost = await this.lost();
    if (lost.silent.length + lost.restarted.length === 0 && !isOfLostNode(said)) return error;
    const stands =
      error instanceof MoveFailedError ? `${error.stands} and stay` : 'Moves that were made stay';
    const words = error instanceof MoveFailedError && !isServerError(error.cause) ? error.cause : said;
    return nodeLost({ said, words, stands, lost });
  }

  private async lost(): Promise<LostNodes> {
    try {
      return lostSince(this.before, await this.look());
    } catch {
      // The coordinator itself does not answer, or waits for a node that does not.
      return { silent: [], restarted: [] };
    }
  }
}

/** What the server said under an error of this program's own. An error that ends the session is of its own server, and told as such. */
function serverErrorIn(error: unknown): (Error & ServerMessage) | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if (isServerError(each)) return each.severity === 'ERROR' ? each : undefined;
  }
  return undefined;
}

interface Lost {
  readonly said: Error & ServerMessage;
  /** What is told of it. */
  readonly words: unknown;
  /** What is done, as a sentence without its end. */
  readonly stands: string;
  readonly lost: LostNodes;
}

function nodeLost({ said, words, stands, lost }: Lost): ScaleoutError {
  const { silent, restarted } = lost;
  const who = [
    ...(silent.length === 0 ? [] : [`${allOf(silent)} went away`]),
    ...(restarted.length === 0 ? [] : [`${allOf(restarted)} went away and came back`]),
  ].join(', and ');
  return new ScaleoutError(
    'rebalance.node-lost',
    `${who === '' ? 'a node went away' : who} while shards moved: ${explain(words)} ${stands}; a move that was under way is undone. ` +
      'When every node answers again, run "scaleout rebalance run" again: it removes what is left of that one and does the rest',
    { cause: said, details: { ...serverDetails(said), silent, restarted } },
  );
}
