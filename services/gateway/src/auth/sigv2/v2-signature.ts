/** What a request claims about its SigV2 signature, parsed, not yet verified. */
export interface V2Signature {
  readonly accessKeyId: string;
  /** Base64, as it was sent. */
  readonly signature: string;
  /** What stands for the date in the string to sign: the `Date` header, nothing beside `x-amz-date`, or `Expires`. */
  readonly date: string;
}
