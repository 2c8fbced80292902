import { createHash } from 'node:crypto';
import { canonicalJson, DOCUMENT_VERSION } from '@bucketway/contract';

/** A document as text, and the hash that it carries. */
export interface SealedText {
  readonly text: string;
  readonly hash: string;
}

const TEXTS = new WeakMap<object, string>();

/** The canonical JSON of a value that nobody changes, made once: documents repeat most of what they said before. */
export function canonicalTextOf(value: object): string {
  let text = TEXTS.get(value);
  if (text === undefined) TEXTS.set(value, (text = canonicalJson(value)));
  return text;
}

/** What `seal({[member]: …}, revision)` of the contract makes, of content whose canonical JSON is there already. */
export function sealText(member: 'buckets' | 'keys', content: string, revision: number): SealedText {
  // "buckets" and "keys" come before the other names, so this is the canonical JSON that is to be hashed.
  const body = `{"${member}":${content},"revision":${revision},"version":${DOCUMENT_VERSION}`;
  const hash = `sha256:${createHash('sha256').update(`${body}}`).digest('hex')}`;
  return { text: `${body},"hash":"${hash}"}`, hash };
}

/** The canonical JSON of an object, of that of its members. */
export function canonicalObject(members: Iterable<readonly [name: string, json: string]>): string {
  const sorted = [...members].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}
