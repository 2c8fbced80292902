import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Mistake } from '@bucketway/contract';

/** Where in a written configuration something stands. */
export type MistakePath = readonly (string | number)[];

/** A secret of a written configuration: the value itself or the file that holds it, and what it must be. */
export interface SecretMember {
  /** `token`; its file is `tokenFile`. */
  readonly name: string;
  readonly value: string | undefined;
  readonly file: string | undefined;
  readonly holds: (value: unknown) => boolean;
  /** Read after "must be". */
  readonly rule: string;
}

/** The files that a configuration names: reads them, remembers which they are, and collects what is wrong with them. */
export class ConfigurationFiles {
  readonly mistakes: Mistake[] = [];
  private readonly paths = new Set<string>();

  /** @param file the configuration itself: relative paths are from its folder */
  constructor(private readonly file: string) {
    this.paths.add(resolve(file));
  }

  /** Every file that was read or looked for, the configuration itself included; absolute. */
  get all(): readonly string[] {
    return [...this.paths];
  }

  absolute(path: string): string {
    return resolve(dirname(this.file), path);
  }

  read(path: MistakePath, file: string): string | undefined {
    const absolute = this.absolute(file);
    this.paths.add(absolute);
    try {
      return readFileSync(absolute, 'utf8');
    } catch (error) {
      return this.refuse(path, `cannot be read: ${(error as Error).message}`);
    }
  }

  /** A secret as it is written, or from its file, without the line's end. Undefined where there is none or it is refused. */
  secret(path: MistakePath, { name, value, file, holds, rule }: SecretMember): string | undefined {
    if (file === undefined || value !== undefined) return value;
    const place = [...path, `${name}File`];
    const text = this.read(place, file)?.trimEnd();
    if (text === undefined || holds(text)) return text;
    return this.refuse(place, `the text in ${file} must be ${rule}`);
  }

  refuse(path: MistakePath, message: string): undefined {
    this.mistakes.push({ path, message });
    return undefined;
  }
}
