import fs from 'node:fs';
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { findLibc } from '../native/libc.js';
import { socketDescriptor } from '../native/socket-descriptor.js';
import type { RawConnection } from '../storage/file-driver.js';

/**
 * A descriptor of our own of a client's connection. The one that Node has is closed with the connection, and its number may then
 * be given to somebody else's, who would get what is still being sent.
 */
export class ConnectionDescriptor implements RawConnection {
  private constructor(
    readonly fd: number,
    private readonly socket: Socket,
  ) {}

  /** Undefined where bytes cannot be put on the wire as they are: over TLS, without a descriptor, on another system than Linux. */
  static of(response: ServerResponse): ConnectionDescriptor | undefined {
    const { socket } = response;
    if (!(socket instanceof Socket)) return undefined;
    const fd = findLibc()?.duplicate(socketDescriptor(socket)) ?? -1;
    return fd < 0 ? undefined : new ConnectionDescriptor(fd, socket);
  }

  /** Whether everything that Node was given to send has left it: what is sent now comes next. */
  get isIdle(): boolean {
    return !this.socket.destroyed && this.socket.writableLength === 0;
  }

  close(): void {
    fs.closeSync(this.fd);
  }
}
