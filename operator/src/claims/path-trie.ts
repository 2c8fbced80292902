interface Node<Value> {
  readonly children: Map<string, Node<Value>>;
  readonly values: Set<Value>;
}

/** How a path of the trie lies to another: the same, above it, or below it. */
export type PathRelation = 'same' | 'above' | 'below';

/** Values by paths, found by the paths above and below. Segments as `pathKey` gives them. */
export class PathTrie<Value> {
  private readonly root: Node<Value> = { children: new Map(), values: new Set() };

  add(path: readonly string[], value: Value): void {
    let node = this.root;
    for (const segment of path) {
      let child = node.children.get(segment);
      if (child === undefined) node.children.set(segment, (child = { children: new Map(), values: new Set() }));
      node = child;
    }
    node.values.add(value);
  }

  delete(path: readonly string[], value: Value): void {
    const way: { parent: Node<Value>; segment: string }[] = [];
    let node = this.root;
    for (const segment of path) {
      const child = node.children.get(segment);
      if (child === undefined) return;
      way.push({ parent: node, segment });
      node = child;
    }
    node.values.delete(value);
    for (const { parent, segment } of way.toReversed()) {
      const child = parent.children.get(segment);
      if (child === undefined || child.values.size > 0 || child.children.size > 0) return;
      parent.children.delete(segment);
    }
  }

  /** Whatever is at, above or below a path, lazily: first the same path, then from the root down, then what is below. */
  *related(path: readonly string[]): Generator<{ readonly relation: PathRelation; readonly value: Value }> {
    const above: Node<Value>[] = [];
    let node: Node<Value> | undefined = this.root;
    for (const segment of path) {
      above.push(node);
      node = node.children.get(segment);
      if (node === undefined) break;
    }
    if (node !== undefined) for (const value of node.values) yield { relation: 'same', value };
    for (const ancestor of above) for (const value of ancestor.values) yield { relation: 'above', value };
    if (node === undefined) return;
    const open = [...node.children.values()];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const value of next.values) yield { relation: 'below', value };
      open.push(...next.children.values());
    }
  }
}
