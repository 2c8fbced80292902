// What has to change: markup, CR (parsers turn a literal one into LF), and what XML 1.0 cannot hold at all. A surrogate
// may be half of a pair; the slow path sorts that out.
// oxlint-disable-next-line no-control-regex
const SUSPECT = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;
// oxlint-disable-next-line no-control-regex
const SPECIAL = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const REFERENCES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\r', '&#xD;'],
]);

/**
 * Escapes text for element content and for attribute values in double quotes.
 *
 * Control characters and lone surrogates become U+FFFD. S3 itself writes `&#x1;`, which XML 1.0 forbids: common parsers then
 * refuse the whole listing, and one odd key hides all others. Clients that need such keys ask for `encoding-type=url`.
 */
export function escapeXml(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text.toWellFormed().replace(SPECIAL, (character) => REFERENCES.get(character) ?? '\ufffd');
}
