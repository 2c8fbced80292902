import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenlistStorages } from './openlist-storages.js';
import { etagOf, hashOf, newFolder, splitPath, type OpenlistNode } from './openlist-tree.js';

/** What OpenList's stand-in tells of files and folders, through its API and through WebDAV. */
export class OpenlistLooks {
  constructor(private readonly storages: OpenlistStorages) {}

  async listing(path: string, body: Record<string, unknown>): Promise<unknown> {
    const virtual = this.storages.virtualNames(path).map((name) => [name, newFolder()] as const);
    let entries: readonly (readonly [string, OpenlistNode])[] = [];
    let hash: string | undefined;
    try {
      const [mount, inner] = this.storages.storageOf(path);
      hash = mount.hash;
      entries = this.storages.listStorage(mount, inner, body['refresh'] === true);
    } catch (error) {
      // As in OpenList: with storages mounted below, the failure of the folder itself is swallowed.
      if (virtual.length === 0 && path !== '/') throw error;
    }
    const all = [...entries, ...virtual];
    const perPage = Number(body['per_page'] ?? 0);
    const page = Math.max(1, Number(body['page'] ?? 1));
    const slice = perPage > 0 ? all.slice((page - 1) * perPage, page * perPage) : all;
    const content = slice.map(([name, node]) => this.describe(name, node, hash));
    return {
      content: content.length === 0 ? null : content,
      total: all.length,
      readme: '',
      header: '',
      write: true,
      provider: 'unknown',
    };
  }

  async get(path: string): Promise<unknown> {
    const node = await this.storages.find(path);
    let hash: string | undefined;
    let provider = 'unknown';
    try {
      const [mount] = this.storages.storageOf(path);
      hash = mount.hash;
      provider = mount.driver;
    } catch {
      // A folder that only leads to mounts.
    }
    return { ...this.describe(splitPath(path)[1] || 'root', node, hash), raw_url: '', provider, related: null };
  }

  async propfind(request: IncomingMessage, response: ServerResponse, raw: string, token: string): Promise<void> {
    request.resume();
    if (request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="openlist"' }).end();
      return;
    }
    let node: OpenlistNode;
    let hash: string | undefined;
    const path = this.storages.absolute(raw);
    try {
      node = await this.storages.find(path);
    } catch (error) {
      const missing = /object not found|storage not found/.test((error as Error).message);
      response.writeHead(missing ? 404 : 405).end(missing ? 'Not Found' : 'Method Not Allowed');
      return;
    }
    try {
      hash = this.storages.storageOf(path)[0].hash;
    } catch {
      hash = undefined;
    }
    const modified = `<D:getlastmodified>${new Date(node.mtimeMs).toUTCString()}</D:getlastmodified>`;
    const props =
      node.kind === 'folder'
        ? `<D:resourcetype><D:collection xmlns:D="DAV:"/></D:resourcetype>${modified}`
        : `<D:resourcetype></D:resourcetype><D:getcontentlength>${node.content.length}</D:getcontentlength>${modified}` +
          `<D:getetag>&#34;${etagOf(node, hash)}&#34;</D:getetag>` +
          (hash === undefined
            ? ''
            : `<checksums xmlns="http://owncloud.org/ns"><checksum>${hash}:${hashOf(node, hash)}</checksum></checksums>`);
    response
      .writeHead(207, { 'content-type': 'text/xml; charset=utf-8' })
      .end(
        `<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:"><D:response>` +
          `<D:href>/dav${encodeURI(path).replaceAll('&', '&amp;')}</D:href><D:propstat><D:prop>${props}</D:prop>` +
          `<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`,
      );
  }

  private describe(name: string, node: OpenlistNode, hash: string | undefined): Record<string, unknown> {
    const value = node.kind === 'file' && hash !== undefined ? { [hash]: hashOf(node, hash) } : null;
    return {
      name,
      size: node.kind === 'file' ? node.content.length : 0,
      is_dir: node.kind === 'folder',
      // A zone of its own, as a server in Shanghai gives it, and more digits than JavaScript has.
      modified: new Date(node.mtimeMs + 8 * 3_600_000).toISOString().replace('Z', '059264+08:00'),
      created: '0001-01-01T00:00:00Z',
      sign: '',
      hashinfo: JSON.stringify(value),
      hash_info: value,
    };
  }
}
