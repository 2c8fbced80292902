import { RequestObserver } from './request-observer.js';

/** Counts the requests that run now. */
export class RunningRequests extends RequestObserver {
  private running = 0;

  get count(): number {
    return this.running;
  }

  override started(): void {
    this.running++;
  }

  override finished(): void {
    this.running--;
  }
}
