import type { ByteString } from './byte-string.js';
import type { FolderNames } from './file-driver.js';
import { PackedNames } from './packed-names.js';

/** Fewer names than this are as well kept as they are. */
const WORTH_PACKING = 64;
/** Names that are in the heap at once. */
const RUN_LENGTH = 16 * 1024;

/** A run of names of which those before `name` have been taken. */
interface Head {
  name: ByteString;
  readonly rest: Iterator<ByteString>;
}

/**
 * Puts the names of a folder in order as they come. Those of a large folder are sorted and packed run by run, and the runs are merged:
 * as strings they are never all there at once.
 */
export class NameCollector {
  private names: ByteString[] = [];
  private readonly runs: PackedNames[] = [];

  /** @param runLength for tests */
  constructor(private readonly runLength = RUN_LENGTH) {}

  add(name: ByteString): void {
    if (this.names.push(name) === this.runLength) this.endRun();
  }

  /** All that was added, in its order. To be called once. */
  sorted(): FolderNames {
    if (this.runs.length === 0 && this.names.length < WORTH_PACKING) return this.names.sort();
    if (this.names.length > 0) this.endRun();
    return this.runs.length === 1 ? (this.runs[0] as PackedNames) : merge(this.runs);
  }

  private endRun(): void {
    const { names } = this;
    // Plain code unit order is byte order here; a comparator would only slow it down.
    names.sort();
    const size = names.reduce((sum, { length }) => sum + length, 0);
    this.runs.push(PackedNames.of(names, names.length, size));
    this.names = [];
  }
}

function merge(runs: readonly PackedNames[]): PackedNames {
  const count = runs.reduce((sum, { length }) => sum + length, 0);
  const size = runs.reduce((sum, run) => sum + run.size, 0);
  return PackedNames.of(inOrder(runs), count, size);
}

/** The names of all runs, by a heap of their heads. */
function* inOrder(runs: readonly PackedNames[]): Generator<ByteString> {
  const heads: Head[] = [];
  for (const run of runs) {
    const rest = run[Symbol.iterator]();
    const first = rest.next();
    if (!first.done) heads.push({ name: first.value, rest });
  }
  // What is in order is a heap.
  heads.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (let least = heads[0]; least !== undefined; least = heads[0]) {
    yield least.name;
    const next = least.rest.next();
    if (!next.done) least.name = next.value;
    else {
      const last = heads.pop() as Head;
      if (heads.length > 0) heads[0] = last;
    }
    sink(heads);
  }
}

/** Restores a heap whose first element may be greater than others. */
function sink(heads: Head[]): void {
  for (let at = 0; ;) {
    let least = 2 * at + 1;
    if (least >= heads.length) return;
    if (least + 1 < heads.length && nameAt(heads, least + 1) < nameAt(heads, least)) least += 1;
    if (nameAt(heads, at) <= nameAt(heads, least)) return;
    [heads[at], heads[least]] = [heads[least] as Head, heads[at] as Head];
    at = least;
  }
}

function nameAt(heads: readonly Head[], index: number): ByteString {
  return (heads[index] as Head).name;
}
