import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Publishes versions of a mounted volume exactly as a kubelet does (pkg/volume/util/atomic_writer.go). */
export class KubeletVolume {
  private version = 0;
  private current: string | undefined;

  constructor(readonly folder: string) {
    mkdirSync(folder);
  }

  publish(files: Readonly<Record<string, unknown>>): void {
    const name = `..2026_11_22_16_00_${String(this.version++).padStart(2, '0')}.123456789`;
    mkdirSync(join(this.folder, name));
    for (const [file, content] of Object.entries(files)) {
      writeFileSync(join(this.folder, name, file), typeof content === 'string' ? content : JSON.stringify(content));
    }
    symlinkSync(name, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    for (const file of Object.keys(files)) {
      try {
        symlinkSync(join('..data', file), join(this.folder, file));
      } catch {
        // Was there in the version before.
      }
    }
    if (this.current !== undefined) rmSync(join(this.folder, this.current), { recursive: true });
    this.current = name;
  }
}
