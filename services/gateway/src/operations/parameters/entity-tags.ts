import type { ETagList } from '../../objects/conditions.js';

/** RFC 9110 section 8.8.3.2: a weak tag never equals another strongly, and equals its strong twin weakly. */
export type ETagComparison = 'strong' | 'weak';

/**
 * Parses the list of `If-Match` or `If-None-Match`. Tags lose their quotes; tags without any, which boto3 users and
 * several tools send, are taken as they are.
 *
 * @param comparison how the list will be compared; for `strong` a weak tag keeps its `W/`, so that it equals nothing
 */
export function parseETagList(header: string, comparison: ETagComparison): ETagList {
  if (header === '*') return '*';
  const tags: string[] = [];
  let at = 0;
  while (at < header.length) {
    const c = header.charCodeAt(at);
    if (c === COMMA || c === SPACE || c === TAB) at++;
    else at = readTag(header, at, comparison, tags);
  }
  // "*" among others, or repeated, still means any.
  return tags.includes('*') ? '*' : tags;
}

const COMMA = 0x2c;
const SPACE = 0x20;
const TAB = 0x09;

/** Reads one tag that begins at `start`; returns where it ends. */
function readTag(header: string, start: number, comparison: ETagComparison, tags: string[]): number {
  const weak = header.startsWith('W/"', start);
  const quote = weak ? start + 2 : start;
  if (header[quote] === '"') {
    const closing = header.indexOf('"', quote + 1);
    const end = closing < 0 ? header.length : closing;
    const tag = header.slice(quote + 1, end);
    tags.push(weak && comparison === 'strong' ? `W/${tag}` : tag);
    return end + 1;
  }
  const comma = header.indexOf(',', start);
  const end = comma < 0 ? header.length : comma;
  tags.push(header.slice(start, end).trimEnd());
  return end;
}

/** An entity tag that a client gave in an XML body or a header of one tag: without its quotes. */
export function unquoteETag(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}
