import { lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A projected volume, written exactly as a kubelet does (pkg/volume/util/atomic_writer.go). */
export class ProjectedVolume {
  private version = 0;
  private current: string | undefined;
  private content = '';

  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** Makes it hold these files and no others. A kubelet writes nothing where nothing changed. */
  publish(files: ReadonlyMap<string, string>): void {
    const content = JSON.stringify([...files]);
    if (content === this.content) return;
    this.content = content;
    const name = `..2026_11_22_16_00_${String(this.version++).padStart(2, '0')}.123456789`;
    mkdirSync(join(this.folder, name));
    for (const [file, text] of files) writeFileSync(join(this.folder, name, file), text);
    symlinkSync(name, join(this.folder, '..data_tmp'));
    renameSync(join(this.folder, '..data_tmp'), join(this.folder, '..data'));
    this.link(files);
    if (this.current !== undefined) rmSync(join(this.folder, this.current), { recursive: true });
    this.current = name;
  }

  private link(files: ReadonlyMap<string, string>): void {
    const visible = new Set(readdirSync(this.folder).filter((name) => !name.startsWith('..')));
    for (const file of files.keys()) {
      if (!visible.has(file)) symlinkSync(join('..data', file), join(this.folder, file));
    }
    for (const file of visible) {
      if (!files.has(file) && lstatSync(join(this.folder, file)).isSymbolicLink()) rmSync(join(this.folder, file));
    }
  }
}
