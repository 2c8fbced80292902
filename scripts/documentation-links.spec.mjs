import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
/** Not ours, or made from what is. */
const NOT_LOOKED_AT = new Set(['node_modules', 'dist', 'coverage', 'data']);

function pagesIn(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith('.') || NOT_LOOKED_AT.has(entry.name) ? [] : pagesIn(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Without blocks and spans of code, where brackets are something else. */
function proseOf(page) {
  return readFileSync(page, 'utf8')
    .replaceAll(/^( *)```[\s\S]*?^\1```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '``');
}

/** The anchors that GitHub gives to headings. */
function anchorsOf(page) {
  const text = readFileSync(page, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```/gm, '');
  const anchors = new Set();
  for (const [, heading] of text.matchAll(/^#+ +(.*?) *$/gm)) {
    const anchor = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number++) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

/** @returns what is wrong with a link of a page, or undefined */
function mistakeIn(page, link) {
  const [path, anchor] = link.split('#');
  const target = path === '' ? page : join(dirname(page), decodeURIComponent(path));
  if (!statSync(target, { throwIfNoEntry: false })) return `${link}: there is no such file`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchorsOf(target).has(anchor) ? undefined : `${link}: there is no such heading`;
}

describe('links of the documentation', () => {
  it.each(pagesIn(REPOSITORY).map((page) => [relative(REPOSITORY, page), page]))('%s', (_, page) => {
    const links = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    const relativeOnes = links.filter((link) => !/^[a-z]+:/.test(link));
    expect(relativeOnes.map((link) => mistakeIn(page, link)).filter((mistake) => mistake !== undefined)).toEqual([]);
  });
});
