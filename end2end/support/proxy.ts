/** A line to the server that can be cut: every open connection ends at once, as when a laptop leaves the network. */
import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';

export class Line {
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async to(port: number): Promise<Line> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port is free');
    const line = new Line(`http://127.0.0.1:${address.port}`, server);
    server.on('connection', (near) => {
      const far = connect(port, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        line.sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => {
          line.sockets.delete(socket);
          other.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
    return line;
  }

  /** Cuts every connection; says how many there were. */
  cut(): number {
    const open = this.sockets.size;
    for (const socket of this.sockets) socket.resetAndDestroy();
    return open;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}
