import { plainToInstance } from 'class-transformer';
import { CredentialsDocument, SecretKey } from './credentials-document.js';
import { verify } from './document-hash.js';
import { findMistakes } from './find-mistakes.js';
import { MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH } from './limits.js';
import { MappingsDocument } from './mappings-document.js';
import { formatMistake } from './mistake.js';
import type { Mistake } from './mistake.js';

/** A document that must not be applied. The message names every mistake and holds no secret. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';

  constructor(readonly mistakes: readonly Mistake[]) {
    super(mistakes.map(formatMistake).join('; '));
  }
}

/**
 * Reads a mappings document.
 *
 * @throws DocumentError where it is not JSON, not valid, names a bucket twice, or its hash does not hold
 */
export function parseMappingsDocument(text: string): MappingsDocument {
  const document = parse(text, (plain) => plainToInstance(MappingsDocument, plain));
  const names = new Set<string>();
  const twice: Mistake[] = [];
  for (const [index, { name }] of document.buckets.entries()) {
    if (names.has(name)) twice.push({ path: ['buckets', index, 'name'], message: `"${name}" stands here twice` });
    names.add(name);
  }
  if (twice.length > 0) throw new DocumentError(twice);
  return document;
}

/**
 * Reads a credentials document.
 *
 * @throws DocumentError where it is not JSON, not valid, or its hash does not hold
 */
export function parseCredentialsDocument(text: string): CredentialsDocument {
  return parse(text, ({ keys, ...plain }) => {
    // Apart, because class-transformer stumbles over an access key id such as "constructor".
    return Object.assign(plainToInstance(CredentialsDocument, plain), { keys: toKeyStore(keys) });
  });
}

function toKeyStore(keys: unknown): unknown {
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) return keys;
  return new Map(Object.entries(keys).map(([id, key]) => [id, plainToInstance(SecretKey, key)]));
}

type PlainDocument = Readonly<Record<string, unknown>>;

function parse<Document extends object>(text: string, build: (plain: PlainDocument) => Document): Document {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    throw new DocumentError([{ path: [], message: `is larger than ${MAX_DOCUMENT_BYTES} bytes` }]);
  }
  const plain = parseObject(text);
  if (isDeeperThan(MAX_DOCUMENT_DEPTH, plain)) {
    throw new DocumentError([{ path: [], message: 'is nested too deeply' }]);
  }
  // First, because a hand edit explains whatever else is wrong with it.
  if (!verify(plain)) {
    const message = 'does not match the content: the document was changed without sealing it again';
    throw new DocumentError([{ path: ['hash'], message }]);
  }
  let document: Document;
  try {
    document = build(plain);
  } catch {
    throw new DocumentError([{ path: [], message: 'has members that no document has' }]);
  }
  const mistakes = findMistakes(document);
  if (mistakes.length > 0) throw new DocumentError(mistakes);
  return document;
}

function parseObject(text: string): PlainDocument {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold secrets.
    throw new DocumentError([{ path: [], message: 'is not JSON' }]);
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new DocumentError([{ path: [], message: 'must be a JSON object' }]);
  }
  return plain as PlainDocument;
}

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeperThan(depth - 1, member));
}
