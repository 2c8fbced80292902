import type { AuthenticationScheme } from '../auth/authentication-scheme.js';
import type { Principal } from '../auth/identity.js';

/** Where an operation notes what the access log is to say and only the operation finds out. */
export interface Observed {
  /** Size of the whole object that was read or made, in bytes. */
  objectSize: number | undefined;
  /** Who the request is from and how it says so; a form says it in its body, which only its operation reads. */
  principal: Principal | undefined;
  scheme: AuthenticationScheme | undefined;
}
