/**
 * Fetches each page while the one before is being worked on, and never more than one, so that memory stays
 * flat. Aborts what is under way when its consumer stops.
 */
export async function* oneAhead<Page>(
  open: (signal: AbortSignal) => AsyncGenerator<Page>,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const closed = new AbortController();
  const pages = open(AbortSignal.any([signal, closed.signal]));
  try {
    let next = settled(pages.next());
    while (true) {
      const outcome = await next;
      if (outcome.status === 'rejected') throw outcome.reason;
      if (outcome.value.done) return;
      next = settled(pages.next());
      yield outcome.value.value;
    }
  } finally {
    closed.abort();
    await pages.return(undefined);
  }
}

/** A page that fails while nobody waits for it would otherwise end the process as an unhandled rejection. */
async function settled<T>(promise: Promise<T>): Promise<PromiseSettledResult<T>> {
  const [outcome] = await Promise.allSettled([promise]);
  return outcome;
}
