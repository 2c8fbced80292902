import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseDocumentFileName } from '@bucketway/contract';
import type { LoggerService } from '@nestjs/common';
import type { ConfigurationMetrics, ReloadResult } from '../observability/configuration-metrics.js';
import { buildSnapshot } from './build-snapshot.js';
import { ConfigurationError } from './configuration-error.js';
import type { ConfigurationStatus, DocumentStatus, GrantedKeys } from './configuration-status.js';
import type { Configuration, TlsMaterial } from './configuration.js';
import { DocumentLoader } from './document-loader.js';
import { nextDocumentState, NO_DOCUMENTS } from './document-state.js';
import type { DocumentState } from './document-state.js';
import { FileWatcher } from './file-watcher.js';
import { needsRestart } from './needs-restart.js';
import type { Snapshot } from './snapshot.js';

/** Where a configuration comes from. */
export interface ConfigurationSource {
  /** The file to watch; undefined where nothing can change. */
  readonly file: string | undefined;
  /** @throws ConfigurationError */
  load(): Configuration;
}

/** What a change puts in force. */
export interface ConfigurationChange {
  readonly snapshot: Snapshot;
  readonly tls: TlsMaterial | undefined;
}

/**
 * The configuration in force, kept up to date with its files. Whatever cannot be applied is refused whole and said,
 * and what was in force before stays so.
 */
export class LiveConfiguration {
  private configuration: Configuration;
  private documents: DocumentState = NO_DOCUMENTS;
  private completed: boolean;
  private current: ConfigurationChange;
  private lastReload: ConfigurationStatus['lastReload'];
  private restart: readonly string[] = [];
  private lastError: ConfigurationError | undefined;
  private toldLeftOut = new Set<string>();
  private readonly loader = new DocumentLoader();
  private readonly watcher = new FileWatcher(() => this.reload());
  private readonly listeners = new Set<(change: ConfigurationChange) => void>();

  /** @throws ConfigurationError where the first configuration has mistakes: there is none to fall back to */
  constructor(
    private readonly source: ConfigurationSource,
    private readonly log: LoggerService,
    private readonly metrics: ConfigurationMetrics,
  ) {
    this.configuration = source.load();
    this.documents = this.readDocuments(this.configuration);
    this.completed = this.everythingApplied();
    this.current = this.makeChange(1);
    this.lastReload = this.report('applied', this.reasons());
  }

  get inForce(): ConfigurationChange {
    return this.current;
  }

  /** The configuration that the process started with, with what a reload may change in it. */
  get settings(): Configuration {
    return this.configuration;
  }

  /**
   * Whether every document that was there was applied. Until then buckets may be missing; from then on what was applied stays in
   * force, and what goes wrong later (a folder that cannot be read, a document that is refused) takes no replica out of service.
   */
  get complete(): boolean {
    return this.completed;
  }

  /** Follows the files from now on. */
  watch(): void {
    if (this.source.file !== undefined) this.watcher.start(this.paths());
  }

  /** Calls back after each change. */
  onChange(listener: (change: ConfigurationChange) => void): void {
    this.listeners.add(listener);
  }

  close(): void {
    this.watcher.close();
  }

  /** Reads everything again and puts in force what can be. */
  reload(): void {
    const before = { configuration: this.configuration, documents: this.documents, restart: this.restart };
    const candidate = this.loadCandidate();
    this.documents = this.readDocuments(candidate);
    const stolen = this.bucketsTakenFromDocuments(before.documents, candidate);
    if (stolen !== undefined) {
      this.lastError = this.refusal(stolen);
      this.documents = this.readDocuments(before.configuration, before.documents);
    } else this.configuration = candidate;
    this.completed ||= this.everythingApplied();
    this.watcher.watchOnly(this.paths());
    const changed =
      !isDeepStrictEqual(before.configuration, this.configuration) || !sameDocuments(before.documents, this.documents);
    if (changed) this.current = this.makeChange(this.current.snapshot.generation + 1);
    const reasons = this.reasons();
    // The same refusal again is no news: its cause may be a file beside it. What waits for a restart is, though nothing was applied.
    const noNews =
      isDeepStrictEqual(reasons, this.lastReload.reasons) && isDeepStrictEqual(before.restart, this.restart);
    if (!changed && noNews) return;
    const result = reasons.length > 0 ? 'refused' : changed ? 'applied' : 'unchanged';
    this.lastReload = this.report(result, reasons);
    if (changed) for (const listener of this.listeners) listener(this.current);
  }

  status(): ConfigurationStatus {
    return {
      ...(this.source.file !== undefined && { file: this.source.file }),
      generation: this.current.snapshot.generation,
      lastReload: this.lastReload,
      needsRestart: this.restart,
      documents: this.documentStatus(),
      buckets: this.current.snapshot.buckets.size,
      identities: this.current.snapshot.identities.size,
    };
  }

  /** What an operator needs that came back with an older past: which keys had been withdrawn by now. */
  grantedKeys(): readonly GrantedKeys[] {
    return [...this.documents.mappings].flatMap(([path, { revision, hash, content }]) => {
      const file = parseDocumentFileName(basename(path));
      if (file === undefined) return [];
      const ids = content.flatMap(({ grants }) => grants.map(({ accessKeyId }) => accessKeyId));
      return [{ shard: file.shard, revision, hash, accessKeyIds: [...new Set(ids)] }];
    });
  }

  private loadCandidate(): Configuration {
    try {
      const loaded = this.source.load();
      const { kept, changes } = needsRestart(this.configuration, loaded);
      this.restart = changes;
      this.lastError = undefined;
      return kept;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      this.lastError = error;
      return this.configuration;
    }
  }

  private readDocuments(configuration: Configuration, before = this.documents): DocumentState {
    return nextDocumentState(before, this.loader.load(configuration.documents), configuration);
  }

  private everythingApplied(): boolean {
    for (const path of this.documents.refused.keys()) {
      const isMappings = parseDocumentFileName(basename(path))?.kind === 'mappings';
      if (isMappings && !this.documents.mappings.has(path)) return false;
      if (this.configuration.documents.includes(path)) return false;
    }
    return true;
  }

  /** A bucket of the new configuration that a document in force maps already: the incumbent keeps it. */
  private bucketsTakenFromDocuments(before: DocumentState, candidate: Configuration): string | undefined {
    if (candidate === this.configuration) return undefined;
    for (const [file, { applied }] of before.mappings) {
      if (!candidate.documents.includes(dirname(file))) continue;
      const leftOut = new Set(this.documents.mappings.get(file)?.leftOut.map(({ bucket }) => bucket));
      const taken = applied.find(
        ({ name }) => leftOut.has(name) && !this.configuration.buckets.has(name) && candidate.buckets.has(name),
      );
      if (taken !== undefined) return `maps the bucket ${taken.name}, which ${basename(file)} maps`;
    }
    return undefined;
  }

  private refusal(message: string): ConfigurationError {
    const file = this.source.file ?? '';
    return new ConfigurationError(file, [{ path: ['buckets'], message, line: 1, column: 1 }]);
  }

  private makeChange(generation: number): ConfigurationChange {
    return { snapshot: buildSnapshot(this.configuration, this.documents, generation), tls: this.configuration.tls };
  }

  private reasons(): string[] {
    const reasons = this.lastError === undefined ? [] : this.lastError.message.split('\n');
    for (const [file, reason] of this.documents.refused) reasons.push(`${file}: ${reason}`);
    return reasons;
  }

  private report(result: ReloadResult, reasons: readonly string[]): ConfigurationStatus['lastReload'] {
    const { generation } = this.current.snapshot;
    const outcome: ReloadResult = reasons.length > 0 ? 'refused' : result;
    const revisions = this.documentStatus().flatMap(({ file, revision }) =>
      revision === undefined ? [] : ([[file, revision]] as const),
    );
    const leftOut = [...this.documents.mappings].map(
      ([path, { leftOut: parts }]) => [basename(path), parts.length] as const,
    );
    this.metrics.reloaded(outcome, generation, { revisions: new Map(revisions), leftOut: new Map(leftOut) });
    for (const reason of reasons) this.log.error(`configuration refused: ${reason}`, { generation });
    this.tellLeftOut();
    for (const change of this.restart) this.log.warn(`configuration: ${change}`, { generation });
    if (reasons.length === 0) this.log.log(`configuration ${outcome}`, { generation });
    return { at: new Date().toISOString(), result: outcome, reasons };
  }

  /** Each once, and not with every revision of its document. */
  private tellLeftOut(): void {
    const told = this.toldLeftOut;
    this.toldLeftOut = new Set();
    for (const [path, { leftOut }] of this.documents.mappings) {
      for (const { reason } of leftOut) {
        const text = `${path}: left out: ${reason}`;
        this.toldLeftOut.add(text);
        if (!told.has(text)) this.log.warn(`configuration: ${text}`, { generation: this.current.snapshot.generation });
      }
    }
  }

  private documentStatus(): DocumentStatus[] {
    const { mappings, credentials, refused } = this.documents;
    const files = new Set([...mappings.keys(), ...credentials.keys(), ...refused.keys()]);
    return [...files].toSorted().flatMap((path) => {
      const file = parseDocumentFileName(basename(path));
      if (file === undefined) return [];
      const document = mappings.get(path) ?? credentials.get(path);
      const reason = refused.get(path);
      const leftOut = mappings.get(path)?.leftOut ?? [];
      return {
        folder: dirname(path),
        file: basename(path),
        ...file,
        ...(document && { revision: document.revision, hash: document.hash }),
        ...(reason !== undefined && { refused: reason }),
        ...(leftOut.length > 0 && { leftOut }),
      };
    });
  }

  private paths(): { files: readonly string[]; folders: readonly string[] } {
    const files = new Set([...this.configuration.files, ...(this.lastError?.files ?? [])]);
    return { files: [...files], folders: this.configuration.documents };
  }
}

function sameDocuments(a: DocumentState, b: DocumentState): boolean {
  return fingerprint(a) === fingerprint(b);
}

function fingerprint({ mappings, credentials }: DocumentState): string {
  const facts: string[] = [];
  for (const [file, { hash, secrets }] of mappings) facts.push(file, hash, JSON.stringify([...secrets]));
  for (const [file, { hash }] of credentials) facts.push(file, hash);
  return facts.join('\n');
}
