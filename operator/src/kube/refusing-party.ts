/**
 * What an API server says of who refused a write, and how much of a quota it took. Everything else that it says may quote the
 * object, and admission webhooks write what they like.
 */
const PARTIES: readonly RegExp[] = [
  /admission webhook "[\w.:-]{1,253}" denied the request/,
  /failed calling webhook "[\w.:-]{1,253}"/,
  /ValidatingAdmissionPolicy '[\w.:-]{1,253}' with binding '[\w.:-]{1,253}' denied request/,
  /exceeded quota: [\w.-]{1,253}(?:, (?:requested|used|limited): [\w./-]+=\w+(?:,[\w./-]+=\w+)*)*/,
];

/** The part of a refusal that names who refused, and never what was written; undefined where it is none of those known. */
export function refusingParty(message: string): string | undefined {
  return PARTIES.map((party) => party.exec(message)?.[0]).find((found) => found !== undefined);
}
