import fs from 'node:fs';
import { createRequire } from 'node:module';

/** Calls of the C library that Node has no name for. Descriptors are numbers; -1 is a failure, as in C. */
export interface Libc {
  /** Another descriptor of the same, not for programs that are started (fcntl(2), F_DUPFD_CLOEXEC). */
  duplicate(fd: number): number;
  /** sendfile(2): from an offset of a file to a socket. @returns bytes that the socket took, or the negated number of the error */
  sendFile(socket: number, file: number, offset: number, count: number): number;
  /** The same on libuv's thread pool: for files that the kernel may have to fetch. A failure is -1, whatever the error. */
  sendFileQueued(socket: number, file: number, offset: number, count: number): Promise<number>;
  /**
   * pipe2(2): the descriptors of both ends of a pipe, not for programs that are started.
   *
   * @param bytes what it has to hold (fcntl(2), F_SETPIPE_SZ)
   * @returns undefined where there are no more descriptors, or the user has no more memory for pipes
   */
  openPipe(bytes: number): { readonly out: number; readonly in: number } | undefined;
  /** splice(2), without waiting: moves bytes from a pipe to a socket, or the other way. @returns bytes, or the negated number of the error */
  splice(from: number, to: number, count: number): number;
  /** Whether a byte of a file is in memory, so that reading around it waits for no disk. */
  isResident(file: number, offset: number): boolean;
  /**
   * statx(2) of a name itself, not of what a link leads to; into a buffer of {@link STATX_BYTES}.
   *
   * @param name a path, or a name in an open folder
   * @returns 0, or the negated number of the error
   */
  readStatus(name: string, into: Buffer, folder?: number): number;
  /** The same of an open file. */
  readOpenStatus(fd: number, into: Buffer): number;
  /** lgetxattr(2): an extended attribute, into a buffer. @returns its bytes, or the negated number of the error */
  readAttribute(path: string, name: string, into: Buffer): number;
  /** lsetxattr(2): makes or replaces an extended attribute. @returns 0, or the negated number of the error */
  writeAttribute(path: string, name: string, value: Buffer): number;
  /** The same of an open file (fsetxattr(2)). */
  writeOpenAttribute(fd: number, name: string, value: Buffer): number;
  /** linkat(2): gives an open file, which may have no name yet, a name in an open folder. @returns 0, or the negated number of the error */
  linkOpenFile(fd: number, folder: number, name: string): number;
  /**
   * fcntl(2), F_OFD_SETLK: takes or gives back a lock on a range of a file, for whoever holds this descriptor; does not wait.
   *
   * @param lock a `struct flock`
   * @returns 0, or the negated number of the error
   */
  lockRange(fd: number, lock: Buffer): number;
  /** getsockopt(2), TCP_INFO: bytes that the other end has acknowledged since the connection began; 0 where it is none of TCP. */
  acknowledgedBytes(socket: number): number;
  /** malloc_trim(3): gives whole pages of what was freed back to the system. Only glibc has it. */
  readonly trimHeap?: () => void;
}

/** The size of `struct statx`. */
export const STATX_BYTES = 256;

const RWF_NOWAIT = 8;
const F_DUPFD_CLOEXEC = 1030;
const F_SETPIPE_SZ = 1031;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const F_OFD_SETLK = 37;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Of `tcpi_bytes_acked` in `struct tcp_info`. */
const BYTES_ACKED = 120;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
const STATX_BASIC_STATS = 0x7ff;

// Types and numbers above and below are theirs.
const ARCHITECTURES = new Set<NodeJS.Architecture>(['x64', 'arm64', 'riscv64', 'loong64']);

let loaded: { readonly libc: Libc | undefined } | undefined;

/** The C library, loaded at the first call; undefined where it is not that of Linux on a usual 64-bit machine, or cannot be called from here. */
export function findLibc(): Libc | undefined {
  loaded ??= { libc: process.platform === 'linux' && ARCHITECTURES.has(process.arch) ? load() : undefined };
  return loaded.libc;
}

function load(): Libc | undefined {
  try {
    const { default: koffi } = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    koffi.struct('iovec', { base: 'uint8_t *', length: 'size_t' });
    const sendfile = library.func('long sendfile(int out, int in, _Inout_ int64_t *offset, size_t count)');
    const pipe2 = library.func('int pipe2(_Out_ int *ends, int flags)');
    const splice = library.func(
      'long splice(int from, const int64_t *fromOffset, int to, const int64_t *toOffset, size_t count, uint flags)',
    );
    const fcntl = library.func('int fcntl(int fd, int command, ...)');
    // The same function, by the one signature that its locks have: nothing to find out at each call.
    const fcntlLock = library.func('int fcntl(int fd, int command, void *lock)');
    const preadv2 = library.func('long preadv2(int fd, iovec *vector, int count, int64_t offset, int flags)');
    const lgetxattr = library.func('long lgetxattr(str path, str name, void *value, size_t size)');
    const lsetxattr = library.func('int lsetxattr(str path, str name, const void *value, size_t size, int flags)');
    const fsetxattr = library.func('int fsetxattr(int fd, str name, const void *value, size_t size, int flags)');
    const linkat = library.func('int linkat(int from, str path, int to, str name, int flags)');
    const statx = library.func('int statx(int folder, str path, int flags, uint mask, void *status)');
    const getsockopt = library.func(
      'int getsockopt(int socket, int level, int option, void *value, _Inout_ uint32_t *length)',
    );
    const trim = optional(() => library.func('int malloc_trim(size_t keep)'));
    const orError = (result: number): number => (result < 0 ? -koffi.errno() : result);
    const probe = [{ base: Buffer.alloc(1), length: 1 }];
    const tcpInfo = Buffer.alloc(BYTES_ACKED + 8);
    return {
      duplicate: (fd) => fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0) as number,
      sendFile: (socket, file, offset, count) => orError(sendfile(socket, file, [offset], count) as number),
      sendFileQueued: (socket, file, offset, count) =>
        new Promise((resolve) =>
          sendfile.async(socket, file, [offset], count, (error: unknown, sent: number) => resolve(error ? -1 : sent)),
        ),
      openPipe: (bytes) => {
        const ends = [-1, -1];
        if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) !== 0) return undefined;
        const [out, into] = ends as [number, number];
        if ((fcntl(into, F_SETPIPE_SZ, 'int', bytes) as number) >= bytes) return { out, in: into };
        fs.closeSync(out);
        fs.closeSync(into);
        return undefined;
      },
      splice: (from, to, count) =>
        orError(splice(from, null, to, null, count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK) as number),
      isResident: (file, offset) => (preadv2(file, probe, 1, offset, RWF_NOWAIT) as number) === 1,
      readStatus: (name, into, folder = AT_FDCWD) =>
        orError(statx(folder, name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, into) as number),
      readOpenStatus: (fd, into) => orError(statx(fd, '', AT_EMPTY_PATH, STATX_BASIC_STATS, into) as number),
      readAttribute: (path, name, into) => orError(lgetxattr(path, name, into, into.length) as number),
      writeAttribute: (path, name, value) => orError(lsetxattr(path, name, value, value.length, 0) as number),
      writeOpenAttribute: (fd, name, value) => orError(fsetxattr(fd, name, value, value.length, 0) as number),
      // A file without a name is named by its descriptor; AT_EMPTY_PATH would do so too, but only for the superuser.
      linkOpenFile: (fd, folder, name) =>
        orError(linkat(AT_FDCWD, `/proc/self/fd/${fd}`, folder, name, AT_SYMLINK_FOLLOW) as number),
      lockRange: (fd, lock) => orError(fcntlLock(fd, F_OFD_SETLK, lock) as number),
      acknowledgedBytes: (socket) => {
        const length = [tcpInfo.length];
        const result = getsockopt(socket, IPPROTO_TCP, TCP_INFO, tcpInfo, length) as number;
        return result === 0 && length[0] === tcpInfo.length ? Number(tcpInfo.readBigUInt64LE(BYTES_ACKED)) : 0;
      },
      ...(trim && { trimHeap: () => void trim(0) }),
    };
  } catch {
    return undefined;
  }
}

/** For what not every C library has. */
function optional<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
