import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A directory that holds the certificate which clients have to trust, and nothing else. It goes with this process. */
export class TrustDirectory {
  readonly path: string;
  readonly #ended = (signal: NodeJS.Signals): void => {
    this.remove();
    // Who listens ends the process in his own time; where nobody does, the signal does what it would have done.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  constructor(parent: string, certificate: string) {
    this.path = mkdtempSync(join(parent, 'scaleout-azure-'));
    writeFileSync(join(this.path, 'stand-in.pem'), certificate);
    for (const signal of SIGNALS) process.on(signal, this.#ended);
  }

  remove(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.#ended);
    rmSync(this.path, { recursive: true, force: true });
  }
}
