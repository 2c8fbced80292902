import type { Socket } from 'node:net';
import { findLibc } from './libc.js';

interface Handle {
  readonly fd?: number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize?: number;
}

/**
 * A number that grows whenever something of what a connection was given to send has got on its way: the kernel took it, or the client's
 * own has acknowledged it. The kernel alone says too little: a connection with a large buffer takes nothing until a third of it is free.
 */
export function takenBytes(socket: Socket & { readonly _handle?: Handle | null }): number {
  const { _handle: handle } = socket;
  const acknowledged = findLibc()?.acknowledgedBytes(handle?.fd ?? -1) ?? 0;
  return acknowledged + socket.bytesWritten - (handle?.writeQueueSize ?? 0);
}
