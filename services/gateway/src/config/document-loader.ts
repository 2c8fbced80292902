import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  contentHash,
  parseCredentialsDocument,
  parseDocumentFileName,
  parseMappingsDocument,
} from '@bucketway/contract';
import type { MappedBucket } from '@bucketway/contract';
import { readDocumentFolder } from './document-folder.js';

/** A document that is valid in itself. Whether it can be applied depends on the others. */
export interface LoadedDocument<Content> {
  readonly revision: number;
  readonly hash: string;
  /** Equal for two revisions that say the same. */
  readonly contentHash: string;
  readonly content: Content;
}

/** A document's file as it was found: the document, or why there is none. */
export interface FoundDocument<Content> {
  /** Absolute path; what tells one document from another over its versions. */
  readonly file: string;
  readonly document?: LoadedDocument<Content>;
  readonly mistake?: string;
}

/** All documents' files that are there. */
export interface FoundDocuments {
  readonly mappings: readonly FoundDocument<readonly MappedBucket[]>[];
  readonly credentials: readonly FoundDocument<ReadonlyMap<string, string>>[];
  /** Folders that could not be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Reads folders of documents, and parses again only those that changed. */
export class DocumentLoader {
  private parsed = new Map<string, { readonly digest: string; readonly found: FoundDocument<never> }>();

  load(folders: readonly string[]): FoundDocuments {
    const mappings: FoundDocument<readonly MappedBucket[]>[] = [];
    const credentials: FoundDocument<ReadonlyMap<string, string>>[] = [];
    const unreadable = new Map<string, string>();
    const parsed: typeof this.parsed = new Map();
    for (const folder of folders) {
      try {
        for (const [name, text] of readDocumentFolder(folder)) {
          const file = join(folder, name);
          if (parseDocumentFileName(name)?.kind === 'mappings')
            mappings.push(this.parse(file, text, parsed, readMappings));
          else credentials.push(this.parse(file, text, parsed, readCredentials));
        }
      } catch (error) {
        unreadable.set(folder, (error as Error).message);
      }
    }
    this.parsed = parsed;
    return { mappings, credentials, unreadable };
  }

  private parse<Content>(
    file: string,
    text: string,
    parsed: Map<string, { readonly digest: string; readonly found: FoundDocument<never> }>,
    read: (text: string) => LoadedDocument<Content>,
  ): FoundDocument<Content> {
    const digest = createHash('sha256').update(text).digest('base64');
    const before = this.parsed.get(file);
    const found = before?.digest === digest ? before.found : parseFile(file, text, read);
    parsed.set(file, { digest, found: found as FoundDocument<never> });
    return found;
  }
}

function parseFile<Content>(
  file: string,
  text: string,
  read: (text: string) => LoadedDocument<Content>,
): FoundDocument<Content> {
  try {
    return { file, document: read(text) };
  } catch (error) {
    return { file, mistake: (error as Error).message };
  }
}

function readMappings(text: string): LoadedDocument<readonly MappedBucket[]> {
  const { revision, hash, buckets } = parseMappingsDocument(text);
  return { revision, hash, contentHash: contentHash({ buckets }), content: buckets };
}

function readCredentials(text: string): LoadedDocument<ReadonlyMap<string, string>> {
  const { revision, hash, keys } = parseCredentialsDocument(text);
  const content = new Map([...keys].map(([id, { secretAccessKey }]) => [id, secretAccessKey]));
  return { revision, hash, contentHash: contentHash(Object.fromEntries(content)), content };
}
