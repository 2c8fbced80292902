import { plainToInstance } from 'class-transformer';
import { CorsRuleDocument } from './cors-rule-document.js';
import { findMistakes } from './find-mistakes.js';
import { formatMistake } from './mistake.js';

/** What is wrong with a CORS rule, by the rules of those who read it in a document; undefined where nothing is. */
export function corsRuleMistake(rule: object): string | undefined {
  const [mistake] = findMistakes(plainToInstance(CorsRuleDocument, rule));
  return mistake && formatMistake(mistake);
}
