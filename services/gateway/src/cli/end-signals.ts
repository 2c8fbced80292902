import type { EventEmitter } from 'node:events';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Signals within this time are one that came on two ways, in milliseconds. */
const SAME_SIGNAL_MS = 500;

/**
 * The signals that ask this process to end. Where the shell of npm becomes the process that it starts, as bash does, a signal to the
 * whole group, such as a terminal's Ctrl-C, comes twice in a moment, since npm passes on its own: that is nobody who asks twice.
 */
export class EndSignals {
  /** The first. */
  readonly first: Promise<string>;
  private readonly resolve: (signal: string) => void;
  private taken = -Infinity;
  private hurry: (() => void) | undefined;

  /**
   * @param source emits signals under their names
   * @param now in milliseconds
   */
  constructor(
    source: EventEmitter = process,
    private readonly now: () => number = () => performance.now(),
  ) {
    ({ promise: this.first, resolve: this.resolve } = Promise.withResolvers<string>());
    for (const signal of SIGNALS) source.on(signal, () => this.take(signal));
  }

  /** What to do from now on when somebody asks again. */
  onAnother(action: () => void): void {
    this.hurry = action;
  }

  private take(signal: string): void {
    const now = this.now();
    if (now - this.taken < SAME_SIGNAL_MS) return;
    this.taken = now;
    if (this.hurry === undefined) this.resolve(signal);
    else this.hurry();
  }
}
