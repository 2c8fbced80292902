import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { OpenlistStorages } from './openlist-storages.js';
import {
  cleanPath,
  joinClean,
  newFolder,
  nodeAt,
  NOT_FOUND,
  OpenlistError,
  splitPath,
  type OpenlistFile,
  type OpenlistFolder,
  type OpenlistMount,
  type OpenlistNode,
} from './openlist-tree.js';
import { readBody } from './read-body.js';

/** A name in a folder of a storage. */
interface Place {
  readonly folder: OpenlistNode | undefined;
  readonly path: string;
  readonly name: string;
}

/** What OpenList's stand-in changes: in place, without a trace of what was there, and with no more care than OpenList takes. */
export class OpenlistWrites {
  constructor(private readonly storages: OpenlistStorages) {}

  makeFolder(path: string): void {
    const [mount, inner] = this.storages.writable(path);
    this.makeFolders(mount, inner);
  }

  async put(request: IncomingMessage): Promise<void> {
    const path = this.storages.absolute(decodeURIComponent(String(request.headers['file-path'])));
    const [mount, inner] = this.storages.writable(path);
    const [innerFolder, name] = splitPath(inner);
    const mtimeMs = /^\d+$/.test(request.headers['last-modified'] ?? '')
      ? Number(request.headers['last-modified'])
      : Date.now();
    if (request.headers['content-length'] === undefined) {
      const content = await readBody(request);
      this.store(mount, innerFolder, name, { kind: 'file', content, mtimeMs });
      return;
    }
    const folder = this.foldersFor(mount, innerFolder);
    const before = folder.children.get(name);
    if (before?.kind === 'folder') throw new OpenlistError(500, `open ${inner}: is a directory`);
    if (Buffer.byteLength(name) > 255) throw new OpenlistError(500, `open ${inner}: file name too long`);
    // In place: readers see it grow, and what was there is gone, also when the upload is cut.
    const file: OpenlistFile = before ?? { kind: 'file', content: Buffer.alloc(0), mtimeMs };
    file.content = Buffer.alloc(0);
    file.mtimeMs = Date.now();
    this.attach(mount, folder, name, file);
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } finally {
      file.content = Buffer.concat(pieces);
      mount.cache.clear();
    }
    file.mtimeMs = mount.ownTimes ? Date.now() - 3_600_000 : mtimeMs;
    // What OpenList was told, until it lists the folder again.
    mount.cache.set(innerFolder, this.entriesOf(folder, [name, { ...file, mtimeMs }]));
    if (!mount.cached) mount.cache.clear();
  }

  async rename(body: Record<string, unknown>): Promise<void> {
    const path = this.storages.absolute(body['path']);
    const name = String(body['name']);
    if (/[/\\]/.test(name) || ['', '.', '..'].includes(name)) {
      throw new OpenlistError(403, 'using relative path is not allowed');
    }
    const target = joinClean(splitPath(path)[0], name);
    if (body['overwrite'] !== true) await this.refuseTaken(target, name);
    const [mount, inner] = this.storages.writable(path);
    const [folderPath, oldName] = splitPath(inner);
    const folder = nodeAt(mount.root, folderPath);
    this.place(mount, { folder, path: folderPath, name: oldName }, { folder, path: folderPath, name });
  }

  async move(body: Record<string, unknown>): Promise<unknown> {
    const from = this.storages.absolute(body['src_dir']);
    const to = this.storages.absolute(body['dst_dir']);
    for (const name of body['names'] as string[]) {
      if (body['overwrite'] !== true) await this.refuseTaken(joinClean(to, name), name);
      const [mount, inner] = this.storages.writable(from);
      const [target, targetInner] = this.storages.writable(to);
      if (target !== mount) return { message: 'Successfully created 1 move task(s)', tasks: [{ id: randomUUID() }] };
      if (inner === targetInner) throw new OpenlistError(500, 'move in place');
      const destination = nodeAt(mount.root, targetInner);
      const source = nodeAt(mount.root, inner);
      if (source?.kind !== 'folder' || !source.children.has(name)) {
        throw new OpenlistError(500, `failed to get src object: failed to get obj: ${NOT_FOUND}`);
      }
      if (destination === undefined) {
        throw new OpenlistError(500, `failed to get dst dir: failed to get obj: ${NOT_FOUND}`);
      }
      this.place(mount, { folder: source, path: inner, name }, { folder: destination, path: targetInner, name });
    }
    return { message: 'Move operations completed immediately' };
  }

  async remove(body: Record<string, unknown>): Promise<void> {
    const folder = this.storages.absolute(body['dir']);
    const names = body['names'] as string[];
    if (names.length === 0) throw new OpenlistError(400, 'Empty file names');
    for (const name of names) {
      const path = cleanPath(`${folder}/${name}`);
      const [mount, inner] = this.storages.storageOf(path);
      if (inner === '/') throw new OpenlistError(500, 'delete root folder is not allowed');
      try {
        await this.storages.find(path);
      } catch (error) {
        if ((error as Error).message.includes(NOT_FOUND)) continue;
        throw new OpenlistError(500, `failed to get object: ${(error as Error).message}`);
      }
      if (mount.outage !== undefined) throw new OpenlistError(500, mount.outage);
      const parent = nodeAt(mount.root, splitPath(inner)[0]);
      if (parent?.kind === 'folder') parent.children.delete(splitPath(inner)[1]);
      mount.cache.clear();
    }
  }

  private makeFolders(mount: OpenlistMount, inner: string): OpenlistFolder {
    let folder = mount.root;
    for (const segment of inner.split('/').filter(Boolean)) {
      const next = folder.children.get(segment) ?? newFolder();
      if (next.kind === 'file') throw new OpenlistError(500, 'file exists');
      if (Buffer.byteLength(segment) > 255) throw new OpenlistError(500, `mkdir ${inner}: file name too long`);
      if (!folder.children.has(segment)) this.attach(mount, folder, segment, next);
      folder = next;
    }
    return folder;
  }

  private attach(mount: OpenlistMount, folder: OpenlistFolder, name: string, node: OpenlistNode): void {
    folder.children.set(name, node);
    folder.mtimeMs = Date.now();
    // What is changed through OpenList shows at once; the stand-in forgets more than it must.
    mount.cache.clear();
  }

  private entriesOf(
    folder: OpenlistFolder,
    changed: readonly [string, OpenlistNode],
  ): readonly (readonly [string, OpenlistNode])[] {
    return [...folder.children].map((entry) => (entry[0] === changed[0] ? changed : entry));
  }

  private foldersFor(mount: OpenlistMount, innerFolder: string): OpenlistFolder {
    try {
      return this.makeFolders(mount, innerFolder);
    } catch (error) {
      throw new OpenlistError(500, `failed to make dir [${innerFolder}]: ${(error as Error).message}`);
    }
  }

  private store(mount: OpenlistMount, innerFolder: string, name: string, file: OpenlistFile): void {
    const folder = this.foldersFor(mount, innerFolder);
    if (folder.children.get(name)?.kind === 'folder') throw new OpenlistError(500, `open ${name}: is a directory`);
    this.attach(mount, folder, name, file);
  }

  private async refuseTaken(path: string, name: string): Promise<void> {
    let taken: OpenlistNode | undefined;
    try {
      taken = await this.storages.find(path);
    } catch {
      taken = undefined;
    }
    if (taken !== undefined) throw new OpenlistError(403, `file [${name}] exists`);
  }

  private place(mount: OpenlistMount, from: Place, to: Place): void {
    const node = from.folder?.kind === 'folder' ? from.folder.children.get(from.name) : undefined;
    if (from.folder?.kind !== 'folder' || to.folder?.kind !== 'folder' || node === undefined) {
      throw new OpenlistError(500, `failed to get src object: failed to get obj: ${NOT_FOUND}`);
    }
    const taken = to.folder.children.get(to.name);
    if (taken?.kind === 'folder') throw new OpenlistError(500, `rename ${from.name} ${to.name}: file exists`);
    if (taken !== undefined && mount.rename === 'refuse') throw new OpenlistError(500, 'the drive has such a name');
    if (Buffer.byteLength(to.name) > 255) throw new OpenlistError(500, `rename ${from.name}: file name too long`);
    from.folder.children.delete(from.name);
    // Whoever has the old file open goes on reading that.
    const copied = mount.rename === 'copy' ? { ...node, mtimeMs: node.mtimeMs + 7_000 } : node;
    this.attach(mount, to.folder, to.name, copied);
    if (mount.cached && copied !== node) mount.cache.set(to.path, this.entriesOf(to.folder, [to.name, node]));
  }
}
