import { isTreePath } from '@bucketway/contract';
import { joinPath, splitPath } from './path-key.js';

/** What stands in templates for the namespace and the name of an S3Bucket. */
export interface TemplateVariables {
  readonly namespace: string;
  readonly name: string;
}

const VARIABLES = ['namespace', 'name'] as const satisfies (keyof TemplateVariables)[];

/** What a path template must be, for messages. */
export const PATH_TEMPLATE_RULE =
  'an absolute path such as "/teams/{namespace}", in which {namespace} and {name} are whole segments';

/** A path in which whole segments may stand for the namespace and the name of an S3Bucket. */
export class PathTemplate {
  private constructor(
    /** As it is written. */
    readonly text: string,
    private readonly segments: readonly (string | { readonly variable: keyof TemplateVariables })[],
  ) {}

  /** Reads a template; undefined where text breaks {@link PATH_TEMPLATE_RULE}. */
  static parse(text: unknown): PathTemplate | undefined {
    if (!isTreePath(text)) return undefined;
    const segments: (string | { variable: keyof TemplateVariables })[] = [];
    for (const segment of splitPath(text)) {
      const variable = VARIABLES.find((name) => segment === `{${name}}`);
      // Within a segment, "team-{namespace}" would let namespace "a-b" end where "team-a" with "-b" begins.
      if (variable === undefined && /[{}]/.test(segment)) return undefined;
      segments.push(variable === undefined ? segment : { variable });
    }
    return new PathTemplate(text, segments);
  }

  /**
   * The segments for an S3Bucket; undefined where a value is not exactly one segment, which no name that the API server
   * stores is.
   */
  expand(variables: TemplateVariables): string[] | undefined {
    const expanded = this.segments.map((part) => (typeof part === 'string' ? part : variables[part.variable]));
    const path = joinPath(expanded);
    return isTreePath(path) && splitPath(path).length === this.segments.length ? expanded : undefined;
  }

  /** Whether some S3Bucket could have its path of `inner` at or below this. */
  couldHold(inner: PathTemplate): boolean {
    return this.segments.every((part, index) => {
      const other = inner.segments[index];
      if (other === undefined) return false;
      return typeof part !== 'string' || typeof other !== 'string' || part.normalize('NFC') === other.normalize('NFC');
    });
  }
}

/** Text of a bucket name with `{namespace}` and `{name}` filled in. */
export function expandText(text: string, variables: TemplateVariables): string {
  return text.replaceAll(/\{(namespace|name)\}/g, (_, variable: keyof TemplateVariables) => variables[variable]);
}
