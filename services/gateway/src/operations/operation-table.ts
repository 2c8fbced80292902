import { S3Error } from '../errors/s3-error.js';
import type { S3PathKind } from '../http/s3-path.js';
import type { S3Request } from '../http/s3-request.js';
import type { Operation, OperationDescription } from './operation.js';
import { SUB_RESOURCES } from './sub-resources.js';

/** A row: what picks an operation, and the operation. */
export interface TableEntry {
  readonly description: OperationDescription;
  readonly operation: Operation<never>;
}

/** Finds the operation that a request asks for. */
export class OperationTable {
  private readonly rows: Readonly<Record<S3PathKind, Map<string, TableEntry[]>>> = {
    root: new Map(),
    bucket: new Map(),
    object: new Map(),
  };

  constructor(entries: Iterable<TableEntry>) {
    for (const entry of entries) {
      const { method, resource } = entry.description;
      const rows = this.rows[resource];
      const row = rows.get(method);
      if (row) row.push(entry);
      else rows.set(method, [entry]);
    }
    // The most specific first: UploadPartCopy before UploadPart before PutObject.
    for (const rows of Object.values(this.rows)) {
      for (const row of rows.values()) row.sort((one, other) => weight(other) - weight(one));
    }
  }

  /** @throws S3Error `NotImplemented` for a sub-resource that nobody claims, `MethodNotAllowed` for the rest */
  find(request: S3Request): TableEntry {
    const row = this.rows[request.path.kind].get(request.method);
    const asked = subResourcesOf(request);
    const entry = row?.find(({ description }) => claims(description, request, asked));
    if (entry) return entry;
    if (asked.length > 0) {
      throw new S3Error('NotImplemented', {
        message: `${request.method} with the query parameter ${asked.join(', ')} is not implemented.`,
      });
    }
    throw new S3Error('MethodNotAllowed', {
      details: {
        Method: request.method,
        ResourceType: request.path.kind === 'root' ? 'SERVICE' : request.path.kind.toUpperCase(),
      },
    });
  }
}

function weight({ description }: TableEntry): number {
  return (description.query?.length ?? 0) + (description.headers?.length ?? 0);
}

const NOTHING: readonly string[] = [];

function subResourcesOf(request: S3Request): readonly string[] {
  const { list } = request.query;
  if (list.length === 0) return NOTHING;
  return list.filter(({ name }) => SUB_RESOURCES.has(name)).map(({ name }) => name);
}

function claims(description: OperationDescription, request: S3Request, asked: readonly string[]): boolean {
  const { query = NOTHING, headers = NOTHING, optionalQuery = NOTHING } = description;
  // Of most requests that is all there is to find out.
  if (query.length > request.query.list.length) return false;
  return (
    query.every((name) => request.query.has(name)) &&
    headers.every((name) => request.headers.has(name)) &&
    asked.every((name) => query.includes(name) || optionalQuery.includes(name))
  );
}
