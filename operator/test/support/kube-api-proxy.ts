import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A network between a client and the API server that can fail. It passes bytes; TLS goes through. */
export class KubeApiProxy {
  private readonly sockets = new Set<Socket>();
  private held: (() => void)[] | undefined;
  private frozen = false;
  private acceptedCount = 0;

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {}

  static async start(targetPort: number): Promise<KubeApiProxy> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new KubeApiProxy(server, targetPort);
    server.on('connection', (socket) => proxy.accept(socket));
    return proxy;
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** How many connections were made. */
  get accepted(): number {
    return this.acceptedCount;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** From now on new connections are taken, but get no further until {@link release}. */
  hold(): void {
    this.held ??= [];
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const proceed of held) proceed();
  }

  /** No byte passes any more, in connections that are there and new ones, and nobody is told. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  /** New connections work again. Those that were frozen stay so, as after a lost route. */
  thaw(): void {
    this.frozen = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await once(this.server.close(), 'close');
  }

  private accept(socket: Socket): void {
    this.acceptedCount++;
    this.track(socket);
    const proceed = (): void => {
      if (socket.destroyed || this.frozen) return;
      const target = connect(this.targetPort, '127.0.0.1');
      this.track(target);
      socket.once('close', () => target.destroy());
      target.once('close', () => socket.destroy());
      socket.pipe(target).pipe(socket);
    };
    if (this.held) this.held.push(proceed);
    else proceed();
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.sockets.delete(socket));
  }
}
