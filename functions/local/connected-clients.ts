import type { ServerResponse } from 'node:http';

/** How long a new server waits for whoever started it. */
const FIRST_CLIENT_MS = 30_000;

/**
 * The processes that use the database, each by a response that stays open: the system closes it when its
 * process ends, however that ends.
 */
export class ConnectedClients {
  readonly #open = new Map<ServerResponse, string>();
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout;

  constructor(idleSeconds: number, onIdle: () => void) {
    this.#idleMs = idleSeconds * 1000;
    this.#onIdle = onIdle;
    this.#timer = setTimeout(onIdle, FIRST_CLIENT_MS);
  }

  get ids(): readonly string[] {
    return [...this.#open.values()];
  }

  welcome(id: string, response: ServerResponse, greeting: string): void {
    clearTimeout(this.#timer);
    this.#open.set(response, id);
    response.on('close', () => this.#leave(response));
    response.writeHead(200, { 'content-type': 'application/json' }).write(greeting);
  }

  #leave(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size === 0) this.#timer = setTimeout(this.#onIdle, this.#idleMs);
  }
}
