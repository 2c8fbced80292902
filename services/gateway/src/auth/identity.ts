/** Who signed a request. */
export interface Identity {
  /** Shown as the owner and in the access log. */
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The party of an unsigned request. */
export const ANONYMOUS = { anonymous: true } as const;

/** Who a request comes from, after the auth gate. */
export type Principal = Identity | typeof ANONYMOUS;

export function isAnonymous(principal: Principal): principal is typeof ANONYMOUS {
  return principal === ANONYMOUS;
}
