/** What a grant can give. */
export const GRANT_PERMISSIONS = ['read', 'write', 'list', 'admin'] as const;

/** `read` objects, `write` and delete them, `list` keys, `admin` the bucket's own settings. */
export type GrantPermission = (typeof GRANT_PERMISSIONS)[number];

/** Names for the usual sets of permissions. */
export const ACCESS_MODES = {
  'read-only': ['read', 'list'],
  'read-write': ['read', 'write', 'list'],
  'write-only': ['write'],
  'list-only': ['list'],
  admin: GRANT_PERMISSIONS,
} as const satisfies Record<string, readonly GrantPermission[]>;

/** A mode by its name, or the permissions themselves. */
export type AccessMode = keyof typeof ACCESS_MODES | readonly GrantPermission[];

/** What an access mode must be, for messages. */
export const ACCESS_MODE_RULE = `one of ${Object.keys(ACCESS_MODES).join(', ')}, or a list of ${GRANT_PERMISSIONS.join(', ')}`;

/** Whether a value is an access mode. */
export function isAccessMode(value: unknown): value is AccessMode {
  if (typeof value === 'string') return Object.hasOwn(ACCESS_MODES, value);
  return Array.isArray(value) && value.length > 0 && value.every((item) => GRANT_PERMISSIONS.includes(item));
}

/** The permissions that a mode stands for. */
export function permissionsOf(mode: AccessMode): readonly GrantPermission[] {
  return typeof mode === 'string' ? ACCESS_MODES[mode] : mode;
}

/** What anybody may do without a signature. */
export const ANONYMOUS_MODES = ['none', 'read', 'list', 'read-list'] as const;

/** @see ANONYMOUS_MODES */
export type AnonymousMode = (typeof ANONYMOUS_MODES)[number];
