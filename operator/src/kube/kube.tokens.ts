/** The clock, for injection. */
export const CLOCK = Symbol('Clock');
