/** How a request to the upstream can end without an answer. */
const REASONS = {
  connect: 'no connection in time',
  stalled: 'no answer in time',
  cut: 'the connection was cut',
  'too-long': 'the answer is too long',
} as const;

/** A request that ended without a whole answer, for a reason that no system call has a name for. */
export class UpstreamFailure extends Error {
  constructor(readonly reason: keyof typeof REASONS) {
    super(REASONS[reason]);
    this.name = 'UpstreamFailure';
  }
}
