import type { Readable } from 'node:stream';
import { S3Error } from '../errors/s3-error.js';
import { freeChunk } from './free-chunk.js';

/** Takes the bytes that a stream gives. */
export interface ByteTarget {
  /** Takes a chunk, always; throws to refuse the whole stream. @returns whether it still needs the chunk's memory */
  take(chunk: Buffer): boolean;
  /** Set while the target wants the stream to pause. Never rejects. */
  readonly ready: Promise<void> | undefined;
}

export interface PumpOptions {
  /** Bytes that the stream must give; undefined where only its end tells. */
  readonly length: number | undefined;
  /** Milliseconds without a byte after which the client is given up. */
  readonly idleTimeout: number;
}

/** Bytes that came of streams whose length nobody had said, and of those that broke off or were refused before their end. */
const received = new WeakMap<Readable, number>();

/** Bytes that were pumped of a stream of which nothing else tells how many came: it had no length, or did not end. */
export function bytesPumped(stream: Readable): number {
  return received.get(stream) ?? 0;
}

/**
 * Reads a stream to its end into a target, by `data` events: pipes and async iterators cost twice the CPU for a small body.
 * It waits for the end also where the length is known: only then is a request complete and its connection fit for the next.
 *
 * @throws S3Error `IncompleteBody` where the client goes away, `RequestTimeout` where it stalls; what the target throws
 */
export function pumpStream(stream: Readable, target: ByteTarget, options: PumpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    new StreamPump(stream, target, options, { resolve, reject }).start();
  });
}

interface Settlers {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class StreamPump {
  private received = 0;
  private paused = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly target: ByteTarget,
    private readonly options: PumpOptions,
    private readonly settlers: Settlers,
  ) {}

  start(): void {
    const { stream } = this;
    if (stream.destroyed) {
      this.settlers.reject(connectionClosed());
      return;
    }
    this.timer = setTimeout(this.onIdle, this.options.idleTimeout);
    stream.on('end', this.onEnd);
    stream.on('error', this.onError);
    stream.on('close', this.onClose);
    stream.on('data', this.onData);
    // Setting a listener does not wake a stream that was paused by hand.
    if (stream.isPaused()) stream.resume();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.received += chunk.length;
    this.timer?.refresh();
    try {
      if (!this.target.take(chunk)) freeChunk(chunk);
    } catch (error) {
      this.fail(error);
      return;
    }
    // With everything here only the end is to come, and it must not wait for the target.
    if (this.received === this.options.length) return;
    if (this.target.ready !== undefined && !this.paused) {
      this.paused = true;
      this.stream.pause();
      void this.target.ready.then(this.onReady);
    }
  };

  private readonly onReady = (): void => {
    if (this.timer === undefined) return;
    if (this.target.ready !== undefined) {
      void this.target.ready.then(this.onReady);
      return;
    }
    this.paused = false;
    this.timer.refresh();
    this.stream.resume();
  };

  private readonly onEnd = (): void => {
    if (this.options.length !== undefined && this.received !== this.options.length) {
      this.fail(connectionClosed());
      return;
    }
    this.stop();
    this.settlers.resolve();
  };

  private readonly onError = (cause: unknown): void => {
    this.fail(cause instanceof S3Error ? cause : connectionClosed(cause));
  };

  private readonly onClose = (): void => {
    this.fail(connectionClosed());
  };

  private readonly onIdle = (): void => {
    // Here it is the storage that is slow, not the client.
    if (this.paused) this.timer?.refresh();
    else this.fail(new S3Error('RequestTimeout'));
  };

  private fail(error: unknown): void {
    if (this.timer === undefined) return;
    this.stop();
    // What is left stays in the socket until the answer is out and the connection closes.
    this.stream.pause();
    this.settlers.reject(error);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { stream } = this;
    if (this.received !== this.options.length) received.set(stream, this.received);
    stream.off('data', this.onData);
    stream.off('end', this.onEnd);
    stream.off('error', this.onError);
    stream.off('close', this.onClose);
  }
}

function connectionClosed(cause?: unknown): S3Error {
  return new S3Error('IncompleteBody', {
    message: 'The connection was closed before the whole request body had arrived.',
    cause,
  });
}
