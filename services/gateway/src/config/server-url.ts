/** What the address of a server must be, read after "must be". */
export const SERVER_URL_RULE =
  'the URL of a server such as http://openlist:5244, with http or https, without credentials, query or fragment';

/** What the address of a server that is named without a path must be. */
export const SERVER_ORIGIN_RULE =
  'the URL of a server such as http://rgw:7480, with http or https, without a path, credentials, query or fragment';

/** Whether text is an http(s) URL that names a server, perhaps with a path. Credentials have fields of their own. */
export function isServerUrl(text: unknown): text is string {
  if (typeof text !== 'string' || /[\s\\]/.test(text) || text.includes('?') || text.includes('#')) return false;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && hostname !== '' && username === '' && password === '';
}

/** Whether text is an http(s) URL without a path. */
export function isServerOrigin(text: unknown): text is string {
  return isServerUrl(text) && new URL(text).pathname === '/';
}

/** The URL as all drivers take it: as the standard writes it, without a slash at its end. */
export function normalizeServerUrl(text: string): string {
  return new URL(text).href.replace(/\/+$/, '');
}
