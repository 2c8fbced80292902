/** What an access key id must be, for messages. */
export const ACCESS_KEY_ID_RULE =
  '3 to 128 characters of A-Z, a-z, 0-9, "-", "_", "." beginning with a letter or digit';

/** What a secret access key must be, for messages. */
export const SECRET_ACCESS_KEY_RULE = '8 to 256 printable ASCII characters without spaces';

const ACCESS_KEY_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{2,127}$/;
const SECRET_ACCESS_KEY = /^[\x21-\x7e]{8,256}$/;

/** Whether text can be an access key id: nothing that a credential scope or a header would split. */
export function isAccessKeyId(text: unknown): text is string {
  return typeof text === 'string' && ACCESS_KEY_ID.test(text);
}

/** Whether text can be a secret access key. */
export function isSecretAccessKey(text: unknown): text is string {
  return typeof text === 'string' && SECRET_ACCESS_KEY.test(text);
}
