/** What the body of a request is to an operation. */
export type BodyKind =
  /** None: bytes that come all the same are refused. */
  | 'none'
  /** A small XML document, read whole. */
  | 'document'
  /** An object's bytes, streamed; the only kind for which `aws-chunked` is allowed. */
  | 'object'
  /** multipart/form-data (POST upload). */
  | 'form';
