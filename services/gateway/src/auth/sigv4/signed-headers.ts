/** The list of signed headers: lower case, sorted, without repeats, `host` among them. */
export interface SignedHeaders {
  /** Joined with `;`, as it is signed. */
  readonly text: string;
  readonly names: readonly string[];
}

const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Parses `SignedHeaders`; a string says what is wrong with it. */
export function parseSignedHeaders(text: string): SignedHeaders | string {
  const names = text.split(';');
  let before = '';
  let host = false;
  for (const name of names) {
    if (!NAME.test(name)) return `SignedHeaders has "${name}", which is no header name in lower case.`;
    if (name <= before) return 'SignedHeaders must be sorted and name each header once.';
    if (name === 'host') host = true;
    before = name;
  }
  return host ? { text, names } : 'SignedHeaders must name the host header.';
}
