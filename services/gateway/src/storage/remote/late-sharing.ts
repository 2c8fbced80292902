/**
 * Shares a look at something between all who ask before it has begun: what was true at some time after one asked answers
 * one's question, and what was found before does not.
 */
export class LateSharing<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly waiting = new Map<string, Promise<T>>();

  /** The result of a look under this name that begins after now. At most one runs at a time. */
  get(name: string, look: () => Promise<T>): Promise<T> {
    const waiting = this.waiting.get(name);
    if (waiting !== undefined) return waiting;
    const shared = this.lookAfter(this.running.get(name), name, look);
    this.waiting.set(name, shared);
    return shared;
  }

  private async lookAfter(before: Promise<T> | undefined, name: string, look: () => Promise<T>): Promise<T> {
    await before?.catch(() => undefined);
    this.waiting.delete(name);
    const running = look();
    this.running.set(name, running);
    try {
      return await running;
    } finally {
      if (this.running.get(name) === running) this.running.delete(name);
    }
  }
}
