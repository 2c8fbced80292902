import { basename, dirname } from 'node:path';
import type { MappedBucket } from '@bucketway/contract';
import type { Configuration } from './configuration.js';
import { leaveOut } from './leave-out.js';
import type { Applied } from './leave-out.js';
import type { FoundDocument, FoundDocuments, LoadedDocument } from './document-loader.js';

/** A mappings document in force, with the secrets that it named when it was applied. */
export interface AppliedMappings extends LoadedDocument<readonly MappedBucket[]>, Applied {
  readonly secrets: ReadonlyMap<string, string>;
}

/** The documents in force, by file. */
export interface DocumentState {
  readonly mappings: ReadonlyMap<string, AppliedMappings>;
  readonly credentials: ReadonlyMap<string, LoadedDocument<ReadonlyMap<string, string>>>;
  /** Files, and folders, whose newest content is not in force, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

/** What the configuration file fixes. */
type Fixed = Pick<Configuration, 'identities' | 'buckets'>;

/** Before any document was read. */
export const NO_DOCUMENTS: DocumentState = { mappings: new Map(), credentials: new Map(), refused: new Map() };

/**
 * Decides which of the documents found come into force. A document that is not valid, goes back in its revision, names
 * a key that is not there, or maps a bucket that another document maps is refused whole, and what its file said before
 * stays in force. What the configuration file has otherwise is left out alone. So does what a file said that vanished: a volume that is torn down must not take buckets with it.
 */
export function nextDocumentState(
  before: DocumentState,
  found: FoundDocuments,
  configuration: Pick<Configuration, 'identities' | 'buckets' | 'documents'>,
): DocumentState {
  const refused = new Map(found.unreadable);
  const previous = withinFolders(before, configuration.documents);
  const credentials = select(previous.credentials, found.credentials, refused);
  const secrets = mergeSecrets(credentials, refused);
  const kept = new Map([...previous.mappings].map(([file, document]) => [file, refit(document, configuration)]));
  const chosen = new Map<string, AppliedMappings>();
  for (const [file, document] of select(previous.mappings, found.mappings, refused)) {
    const stays = kept.get(file);
    const result = resolveSecrets(document, secrets, configuration);
    if (typeof result !== 'string') chosen.set(file, result);
    else {
      if (!refused.has(file)) refused.set(file, result);
      if (stays !== undefined) chosen.set(file, stays);
    }
  }
  settleConflicts(chosen, kept, refused);
  return { mappings: chosen, credentials, refused };
}

// A folder that the configuration no longer names ends with its documents.
function withinFolders(state: DocumentState, folders: readonly string[]): DocumentState {
  const named = ([file]: readonly [string, unknown]): boolean => folders.includes(dirname(file));
  return {
    ...state,
    mappings: new Map([...state.mappings].filter(named)),
    credentials: new Map([...state.credentials].filter(named)),
  };
}

/** Takes the newest valid document of each file, or else the one before. */
function select<Content, Document extends LoadedDocument<Content>>(
  before: ReadonlyMap<string, Document>,
  found: readonly FoundDocument<Content>[],
  refused: Map<string, string>,
): Map<string, LoadedDocument<Content>> {
  const selected = new Map<string, LoadedDocument<Content>>();
  for (const { file, document, mistake } of found) {
    const previous = before.get(file);
    const reason = document === undefined ? (mistake ?? 'is not valid') : regression(document, previous);
    if (reason === undefined) selected.set(file, document as LoadedDocument<Content>);
    else {
      refused.set(file, reason);
      if (previous !== undefined) selected.set(file, previous);
    }
  }
  for (const [file, previous] of before) {
    if (selected.has(file)) continue;
    selected.set(file, previous);
    if (!refused.has(file)) refused.set(file, 'is no longer there; to end its buckets, write a document without them');
  }
  return selected;
}

function regression(next: LoadedDocument<unknown>, previous: LoadedDocument<unknown> | undefined): string | undefined {
  if (previous === undefined || next.contentHash === previous.contentHash) return undefined;
  if (next.revision > previous.revision) return undefined;
  return next.revision === previous.revision
    ? `has other content than the revision ${previous.revision} in force; a change needs a higher revision`
    : `goes back from revision ${previous.revision} to ${next.revision}; a change needs a higher revision`;
}

function mergeSecrets(
  credentials: ReadonlyMap<string, LoadedDocument<ReadonlyMap<string, string>>>,
  refused: Map<string, string>,
): Map<string, string> {
  const secrets = new Map<string, string>();
  for (const [file, { content }] of credentials) {
    for (const [id, secret] of content) {
      const known = secrets.get(id);
      if (known === undefined) secrets.set(id, secret);
      else if (known !== secret) refused.set(file, `has another secret for ${id} than another document has`);
    }
  }
  return secrets;
}

/** The document with the secrets of every key it names, or why it cannot be applied. */
function resolveSecrets(
  document: LoadedDocument<readonly MappedBucket[]>,
  secrets: ReadonlyMap<string, string>,
  configuration: Fixed,
): AppliedMappings | string {
  const named = new Map<string, string>();
  for (const { name, grants } of document.content) {
    for (const { accessKeyId } of grants) {
      const secret = secrets.get(accessKeyId);
      if (secret !== undefined) named.set(accessKeyId, secret);
      else if (!configuration.identities.has(accessKeyId)) {
        return `names the key ${accessKeyId} (bucket ${name}), which no credentials document has yet`;
      }
    }
  }
  return { ...document, secrets: named, ...leaveOut(document.content, named, configuration) };
}

/** What stays in force of before, beside a configuration that may have changed. */
function refit(document: AppliedMappings, configuration: Fixed): AppliedMappings {
  return { ...document, ...leaveOut(document.content, document.secrets, configuration) };
}

/**
 * Refuses documents that map a bucket which another document maps. All newest documents are tried
 * together first, so that a bucket may move from one to another; each round takes back at least one.
 */
function settleConflicts(
  chosen: Map<string, AppliedMappings>,
  before: ReadonlyMap<string, AppliedMappings>,
  refused: Map<string, string>,
): void {
  const isNew = (file: string): boolean => chosen.get(file)?.hash !== before.get(file)?.hash;
  for (;;) {
    const conflict = findConflict(chosen, isNew);
    if (conflict === undefined) return;
    const previous = isNew(conflict.file) ? before.get(conflict.file) : undefined;
    if (previous === undefined) chosen.delete(conflict.file);
    else chosen.set(conflict.file, previous);
    refused.set(conflict.file, conflict.reason);
  }
}

function findConflict(
  chosen: ReadonlyMap<string, AppliedMappings>,
  isNew: (file: string) => boolean,
): { file: string; reason: string } | undefined {
  const holders = new Map<string, string>();
  for (const [file, { applied }] of chosen) {
    for (const { name } of applied) {
      const holder = holders.get(name);
      if (holder === undefined) holders.set(name, file);
      else {
        // The incumbent keeps the name; of two newcomers the first does.
        const [loser, winner] = isNew(holder) && !isNew(file) ? [holder, file] : [file, holder];
        return { file: loser, reason: `maps the bucket ${name}, which ${basename(winner)} maps` };
      }
    }
  }
  return undefined;
}
