/** What becomes of a write for which a quota has no room: refused, or only reported. */
export const QUOTA_MODES = ['enforce', 'report'] as const;

/** @see QUOTA_MODES */
export type QuotaMode = (typeof QUOTA_MODES)[number];
