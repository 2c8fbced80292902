import { S3Error } from '../errors/s3-error.js';
import { decodePercent } from './percent-encoding.js';

/** One parameter: as it was sent (for the signature) and decoded. `value` is empty where there was no `=`. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** The query of a request: decoded once, in order, repeats kept. */
export class QueryParameters {
  static readonly EMPTY = new QueryParameters([]);

  private constructor(readonly list: readonly QueryParameter[]) {}

  /**
   * @param raw the text behind `?`, as it came
   * @throws S3Error `InvalidURI` where it cannot be decoded
   */
  static parse(raw: string): QueryParameters {
    if (raw === '') return QueryParameters.EMPTY;
    const list: QueryParameter[] = [];
    for (const piece of raw.split('&')) {
      if (piece === '') continue;
      const at = piece.indexOf('=');
      // Forms and several SDKs write a space as "+" in queries; a literal plus always comes as %2B there.
      const name = decodePercent((at < 0 ? piece : piece.slice(0, at)).replaceAll('+', ' '));
      const value = at < 0 ? '' : decodePercent(piece.slice(at + 1).replaceAll('+', ' '));
      list.push({ name, value });
    }
    return new QueryParameters(list);
  }

  has(name: string): boolean {
    return this.list.some((parameter) => parameter.name === name);
  }

  /**
   * The value of a parameter that may stand only once.
   *
   * @throws S3Error `InvalidArgument` where it is repeated: whoever checked one value must not have the other obeyed
   */
  get(name: string): string | undefined {
    let found: string | undefined;
    for (const parameter of this.list) {
      if (parameter.name !== name) continue;
      if (found !== undefined) throw S3Error.invalidArgument(name, parameter.value, `${name} must not be repeated.`);
      found = parameter.value;
    }
    return found;
  }
}
