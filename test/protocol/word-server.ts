import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Tells when a task has come so far, and lets it go on with a word. */
export class WordServer {
  readonly url: string;
  readonly #server: Server;
  readonly #heard: string[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #held = new Map<string, ServerResponse[]>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', ({ url = '' }, response) => {
      const [, task = '', stage] = url.split('/');
      if (stage === 'began') response.end();
      else this.#held.set(task, [...(this.#held.get(task) ?? []), response]);
      this.#heard.push(task);
      for (const listener of this.#listeners) listener();
    });
  }

  static async start(): Promise<WordServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WordServer(server);
  }

  /** How often a task has begun. */
  count(task: string): number {
    return this.#heard.filter((heard) => heard === task).length;
  }

  /** Returns when the task has begun. */
  async began(task: string): Promise<void> {
    while (this.count(task) === 0) {
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
      });
    }
  }

  /** Lets the task end. */
  give(task: string, word: string): void {
    for (const response of this.#held.get(task) ?? []) response.end(word);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
