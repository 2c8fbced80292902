import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WriteFate } from '../../test/support/memory-document-api.js';
import { MemoryDocumentApi } from '../../test/support/memory-document-api.js';
import {
  keyOfDocument,
  keyRing,
  mappedBucket,
  PublisherFixture,
  ringRef,
} from '../../test/support/publisher-fixture.js';
import { entriesOf } from './document-object.js';
import type { DocumentObject } from './document-object.js';
import { readCredentials, readMappings } from './load-documents.js';

const SHARDS = 3;
const NAMES = ['photos', 'logs', 'backup'];

type Step =
  | { readonly do: 'map' | 'unmap' | 'keys' | 'unkey'; readonly name: string; readonly key: string }
  | { readonly do: 'fate'; readonly fates: readonly WriteFate[] }
  | { readonly do: 'edit' | 'delete'; readonly kind: 'mappings' | 'credentials'; readonly shard: number }
  | { readonly do: 'wait' | 'turn' | 'crash' };

const change = fc.record({
  do: fc.constantFrom('map', 'unmap', 'keys', 'unkey'),
  name: fc.constantFrom(...NAMES),
  key: fc.constantFrom('1', '2'),
});
const pause = fc.record({ do: fc.constantFrom('wait', 'turn', 'turn', 'crash') });
const trouble = fc.record({
  do: fc.constant('fate' as const),
  fates: fc.array(fc.constantFrom<WriteFate>('stored', 'unsent', 'lost', 'refused'), { maxLength: 4 }),
});
const meddling = fc.record({
  do: fc.constantFrom('edit', 'delete'),
  kind: fc.constantFrom('mappings', 'credentials'),
  shard: fc.nat(SHARDS - 1),
});

/** Keys have the name of their ring in their id, so that no two rings want the same. */
function keyOf(name: string, key: string): string {
  return `BW-${name}-${key}`;
}

/** Every key in a stored credentials document. */
function storedKeys(api: MemoryDocumentApi): Set<string> {
  const keys = new Set<string>();
  for (let shard = 0; shard < SHARDS; shard++) {
    const object = api.objects.get(keyOfDocument('credentials', shard));
    for (const id of (object && readCredentials(object, shard).document?.keys)?.keys() ?? []) keys.add(id);
  }
  return keys;
}

function namedKeys(api: MemoryDocumentApi): Set<string> {
  const keys = new Set<string>();
  for (let shard = 0; shard < SHARDS; shard++) {
    const object = api.objects.get(keyOfDocument('mappings', shard));
    const stored = object && readMappings(object, shard);
    if (stored === undefined || 'reason' in stored) continue;
    for (const { grants } of stored.buckets) for (const { accessKeyId } of grants) keys.add(accessKeyId);
  }
  return keys;
}

class Run {
  readonly api = new MemoryDocumentApi();
  fixture: PublisherFixture;
  /** By bucket and ring: what was asked for last. */
  readonly mappings = new Map<string, string[]>();
  readonly rings = new Map<string, string>();
  /** What was told to be stored. */
  readonly promised = new Map<string, string>();
  readonly broken: string[] = [];
  private readonly texts = new Map<string, { text: string; revision: number }>();
  private meddled = false;

  constructor() {
    this.fixture = this.start();
  }

  start(): PublisherFixture {
    const fixture = new PublisherFixture(this.api, undefined, { shards: SHARDS });
    fixture.start();
    const observe = this.api.onStored;
    this.api.onStored = (key, object) => {
      this.check(key, object);
      observe(key, object);
    };
    fixture.publisher.settle();
    return fixture;
  }

  async step(step: Step): Promise<void> {
    const { publisher } = this.fixture;
    if (step.do === 'keys') {
      this.rings.set(step.name, step.key);
      this.promise(step.name, step.key, publisher.setKeys(ringRef(step.name), keyRing(keyOf(step.name, step.key))));
    } else if (step.do === 'unkey') {
      this.rings.delete(step.name);
      this.promised.delete(step.name);
      publisher.removeKeys(ringRef(step.name)).catch(() => {});
    } else if (step.do === 'map') {
      const key = this.rings.get(step.name);
      this.mappings.set(step.name, key === undefined ? [] : [keyOf(step.name, key)]);
      publisher.setMapping(mappedBucket(step.name, ...(this.mappings.get(step.name) ?? []))).catch(() => {});
    } else if (step.do === 'unmap') {
      this.mappings.delete(step.name);
      publisher.removeMapping(step.name).catch(() => {});
    } else if (step.do === 'fate') {
      const fates = [...step.fates];
      this.api.fate = () => fates.shift() ?? 'stored';
    } else if (step.do === 'edit' || step.do === 'delete')
      await this.meddle(step.do, keyOfDocument(step.kind, step.shard));
    else if (step.do === 'crash') await this.crash();
    else if (step.do === 'wait') await this.settle();
    else await new Promise((resolve) => void setImmediate(resolve));
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      await this.fixture.publisher.idle();
      await this.fixture.clock.advance(60_000);
    }
  }

  private promise(ring: string, key: string, stored: Promise<unknown>): void {
    this.promised.delete(ring);
    const note = (): unknown => this.rings.get(ring) === key && this.promised.set(ring, key);
    stored.then(note, () => {});
  }

  private async crash(): Promise<void> {
    this.fixture.publisher.stop();
    await this.fixture.publisher.idle();
    const promised = [...this.promised];
    this.fixture = this.start();
    for (const [ring, key] of promised) {
      const [record] = this.fixture.publisher.keys(ringRef(ring))?.keys ?? [];
      if (record?.accessKeyId !== keyOf(ring, key)) this.broken.push(`${ring} lost its key ${key}`);
    }
    // What reconciles would ask for again.
    for (const [name, key] of this.rings) await this.step({ do: 'keys', name, key });
    for (const { name } of this.fixture.publisher.mappings()) {
      if (!this.mappings.has(name)) await this.step({ do: 'unmap', name, key: '' });
    }
    for (const [ref] of this.fixture.publisher.keyRings()) {
      if (!this.rings.has(ref.secretName)) await this.step({ do: 'unkey', name: ref.secretName, key: '' });
    }
    for (const name of this.mappings.keys()) await this.step({ do: 'map', name, key: '' });
  }

  private async meddle(how: 'edit' | 'delete', key: string): Promise<void> {
    if (!this.api.objects.has(key)) return;
    this.meddled = true;
    if (how === 'edit') this.api.edit(key, (object) => (object.data = {}));
    else this.api.remove(key);
    // A start would have to trust what is there.
    await this.settle();
    this.meddled = false;
  }

  private check(key: string, object: DocumentObject | undefined): void {
    if (object === undefined || this.meddled) return;
    const stored = storedKeys(this.api);
    for (const id of namedKeys(this.api)) if (!stored.has(id)) this.broken.push(`${id} is named and not stored`);
    const kind = key.startsWith('configmaps') ? 'mappings' : 'credentials';
    const [entry = '', text = ''] = [...entriesOf(kind, object)].find(([name]) => name !== 'ledger.json') ?? [];
    const { revision } = JSON.parse(text) as { revision: number };
    const before = this.texts.get(entry);
    const same = before?.text === text;
    if (before !== undefined && !same && revision <= before.revision) this.broken.push(`${entry} did not grow`);
    this.texts.set(entry, { text, revision });
  }
}

async function run(steps: readonly Step[]): Promise<Run> {
  const run = new Run();
  for (const step of steps) await run.step(step);
  run.api.fate = () => 'stored';
  await run.settle();
  // A reconcile asks again for what failed.
  for (const [name, key] of run.rings) await run.step({ do: 'keys', name, key });
  for (const name of run.mappings.keys()) await run.step({ do: 'map', name, key: '' });
  for (const { name } of run.fixture.publisher.mappings()) {
    if (!run.mappings.has(name)) await run.step({ do: 'unmap', name, key: '' });
  }
  await run.settle();
  return run;
}

describe('whatever happens in whatever order', () => {
  it('no mapping names a key that is not stored, revisions grow, keys survive, and the end is what was asked for', async () => {
    const steps = fc.array(
      fc.oneof({ weight: 6, arbitrary: change }, { weight: 4, arbitrary: pause }, trouble, meddling),
      {
        minLength: 10,
        maxLength: 40,
        size: 'max',
      },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const { fixture, api, broken, mappings, rings } = await run(script);
        expect(broken).toEqual([]);
        const wanted = Object.fromEntries(mappings);
        const stored = fixture.publisher.mappings().map(({ name, grants }) => [name, grants.map((g) => g.accessKeyId)]);
        expect(Object.fromEntries(stored)).toEqual(wanted);
        expect(storedKeys(api)).toEqual(new Set([...rings].map(([name, key]) => keyOf(name, key))));
        const published = new Set([...mappings.values()].flat());
        expect(namedKeys(api)).toEqual(published);
      }),
      { numRuns: 100 },
    );
  });
});
