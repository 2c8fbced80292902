import type { BodyFraming } from '../body/body-framing.js';
import type { AuthenticationScheme } from './authentication-scheme.js';
import type { Principal } from './identity.js';

/** What the auth gate found out. */
export interface Authentication {
  readonly principal: Principal;
  readonly framing: BodyFraming;
  readonly scheme: AuthenticationScheme;
}
