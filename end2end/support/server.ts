/**
 * The real program, with its lab and its private PostgreSQL, in a folder of its own.
 *
 * It is ready when /readyz says so and not after some time; it is ended by its process id.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

export const PASSWORD = 'correct horse battery staple';

const PROGRAM = resolve(process.env.DECK ?? '../target/debug/nimdeck');

export class Server {
  /** What the program has said so far. */
  log = '';

  private constructor(
    readonly url: string,
    readonly port: number,
    private readonly dir: string,
    private readonly child: ChildProcess,
  ) {}

  /** Starts the program named by DECK; `speed` is how many times faster than life the lab is. */
  static async start(speed: number): Promise<Server> {
    // Short, because the path of a Unix socket has at most 107 bytes.
    const dir = mkdtempSync(join(tmpdir(), 'nimdeck-'));
    // Run by root, PostgreSQL drops to a user of its own, who must get in.
    chmodSync(dir, 0o755);
    const port = await freePort();
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('NIMDECK_'));
    const child = spawn(
      PROGRAM,
      ['serve', '--lab', '--listen', `127.0.0.1:${port}`, '--data-dir', join(dir, 'data')],
      {
        cwd: dir,
        env: { ...Object.fromEntries(own), NIMDECK_ADMIN_PASSWORD: PASSWORD, NIMDECK_LAB_SPEED: String(speed) },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const server = new Server(`http://127.0.0.1:${port}`, port, dir, child);
    const note = (text: unknown) => {
      server.log += String(text);
    };
    child.stdout?.on('data', note);
    child.stderr?.on('data', note);
    child.on('error', (error) => note(`${PROGRAM}: ${error.message}\n`));
    await server.ready();
    return server;
  }

  /** Says what happens in the next migration of a client. */
  scenario(client: string, name: string): void {
    this.run('lab', 'scenario', '--dir', join(this.dir, 'data', 'lab'), client, name);
  }

  /** Adds somebody; the password that was made up for them. */
  addUser(name: string, role: string): string {
    const said = this.run('user', 'add', name, '--role', role, '--data-dir', join(this.dir, 'data'));
    const password = /^password: (\S+)/m.exec(said)?.[1];
    if (password === undefined) throw new Error(`no password in: ${said}`);
    return password;
  }

  private run(...args: string[]): string {
    return execFileSync(PROGRAM, args, { cwd: this.dir, encoding: 'utf8' });
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 90_000;
    while (Date.now() < deadline) {
      if (this.ended()) break;
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await pause(100);
    }
    await this.stop();
    throw new Error(`The server did not become ready. It said:\n${this.log}`);
  }

  private ended(): boolean {
    return this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Ends it as an administrator would, and by force only if it does not go. */
  async stop(): Promise<void> {
    if (!this.ended()) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const gone = await Promise.race([exit.then(() => true), pause(20_000, false, { ref: false })]);
      if (!gone) {
        this.child.kill('SIGKILL');
        await exit;
      }
    }
    this.endMigrations();
    // One that was just ended may have been writing a file.
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }

  /** A nimadm outlives the server and its lab by design; in a folder that goes away it must not. */
  private endMigrations(): void {
    const work = join(this.dir, 'data', 'lab', 'hosts', 'nim1', 'work');
    if (!existsSync(work)) return;
    for (const file of readdirSync(work).filter((name) => name.endsWith('.json'))) {
      const { pid } = JSON.parse(readFileSync(join(work, file), 'utf8')) as { pid: number };
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself.
      }
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}
