import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** The descriptor of a connection, for which Node has no public name; -1 where it has none, and over TLS, where the wire carries something else. */
export function socketDescriptor(socket: Socket & { readonly _handle?: { readonly fd?: number } | null }): number {
  if (socket instanceof TLSSocket || socket.destroyed) return -1;
  const { _handle: handle } = socket;
  return handle?.fd ?? -1;
}
