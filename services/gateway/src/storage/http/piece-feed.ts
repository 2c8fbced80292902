interface Given {
  readonly piece: Buffer;
  readonly taken: () => void;
}

/**
 * A request body that is handed over piece by piece: what is given is taken by whoever iterates, one piece at a time, and
 * not copied. A piece counts as taken when the next one is asked for.
 */
export class PieceFeed implements AsyncIterable<Buffer> {
  private given: Given | undefined;
  private out: Given | undefined;
  private asking: ((result: IteratorResult<Buffer>) => void) | undefined;
  private ended = false;

  /** Resolves once the piece may be reused. */
  give(piece: Buffer): Promise<void> {
    return new Promise((taken) => {
      this.given = { piece, taken };
      this.hand();
    });
  }

  /** No more will come; also frees who waits for a piece to be taken. */
  end(): void {
    this.ended = true;
    this.hand();
  }

  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return {
      next: () => {
        this.out?.taken();
        this.out = undefined;
        return new Promise((resolve) => {
          this.asking = resolve;
          this.hand();
        });
      },
      return: () => {
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  private hand(): void {
    if (this.asking === undefined) {
      if (this.ended) this.given?.taken();
      return;
    }
    const { asking, given } = this;
    if (given !== undefined) {
      this.asking = undefined;
      this.given = undefined;
      this.out = given;
      asking({ done: false, value: given.piece });
    } else if (this.ended) {
      this.asking = undefined;
      asking({ done: true, value: undefined });
    }
  }
}
