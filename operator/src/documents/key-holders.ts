import type { KeyPair } from '../credentials/key-plan.js';
import { keyRingName, parseKeyRingName } from '../credentials/key-ring-entry.js';
import type { KeyRingRef } from '../credentials/key-ring-entry.js';

/** Which rings have which access key ids. */
export class KeyHolders {
  private readonly secrets = new Map<string, Map<string, string>>();

  /** A ring has other keys now. */
  replace(ring: string, before: Iterable<KeyPair>, after: Iterable<KeyPair>): void {
    for (const { accessKeyId } of before) {
      const holders = this.secrets.get(accessKeyId);
      holders?.delete(ring);
      if (holders?.size === 0) this.secrets.delete(accessKeyId);
    }
    for (const { accessKeyId, secretAccessKey } of after) {
      const holders = this.secrets.get(accessKeyId) ?? new Map<string, string>();
      this.secrets.set(accessKeyId, holders.set(ring, secretAccessKey));
    }
  }

  /** The rings that have a key id, by name. */
  holdersOf(accessKeyId: string): Iterable<string> {
    return this.secrets.get(accessKeyId)?.keys() ?? [];
  }

  /** Whether a ring has a key id. */
  has(accessKeyId: string): boolean {
    return this.secrets.has(accessKeyId);
  }

  /** Whether a ring cannot have a key: its id belongs to another namespace, or to another ring with another secret. */
  isTaken(ref: KeyRingRef, { accessKeyId, secretAccessKey }: KeyPair): boolean {
    const own = keyRingName(ref);
    for (const [ring, secret] of this.secrets.get(accessKeyId) ?? []) {
      if (ring === own) continue;
      if (parseKeyRingName(ring).namespace !== ref.namespace || secret !== secretAccessKey) return true;
    }
    return false;
  }
}
