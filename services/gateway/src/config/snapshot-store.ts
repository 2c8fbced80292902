import { Injectable } from '@nestjs/common';
import type { Snapshot } from './snapshot.js';

/**
 * Holds the snapshot in force. A request reads it once and keeps it, so that a reload never shows one request two
 * configurations.
 */
@Injectable()
export class SnapshotStore {
  private readonly listeners = new Set<(snapshot: Snapshot) => void>();

  constructor(private snapshot: Snapshot) {}

  get current(): Snapshot {
    return this.snapshot;
  }

  /** Puts a new snapshot in force and tells the listeners, in the same turn. */
  replace(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    for (const listener of this.listeners) listener(snapshot);
  }

  /** Calls back after each replacement; returns what ends it. */
  onReplace(listener: (snapshot: Snapshot) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
