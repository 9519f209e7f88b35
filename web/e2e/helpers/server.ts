// The real server, as a process: started on a free port, killed, started again on the same one.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const READY_MS = 30_000;

/** What `anser seed` fills the data directory with before the server starts. */
export interface Seed {
  chats: number;
  /** In the largest chat, which is called `Everybody`. */
  messages: number;
  /** When its newest message was written; now if it is not said. */
  until?: Date;
}

/** Of everybody in a seeded directory: `alice`, whose chats they are, `person_1`, `person_2`, … */
export const SEED_PASSWORD = "everybody has this one";

/** One `anser serve` on a data directory of its own. */
export class Server {
  private child: ChildProcess | undefined;
  private output = "";
  /** A story whose own process dies must not leave a server behind. */
  private readonly kills = () => this.child?.kill("SIGKILL");

  private constructor(
    private readonly data: string,
    readonly port: number,
  ) {
    process.once("exit", this.kills);
  }

  /** A new server, ready. */
  static async start(seed?: Seed): Promise<Server> {
    const data = await mkdtemp(join(tmpdir(), "anser-e2e-data-"));
    const server = new Server(data, await freePort());
    if (seed !== undefined) await server.fill(seed);
    await server.restart();
    return server;
  }

  /** Starts the process, on what is in the data directory. */
  async restart(): Promise<void> {
    const child = spawn(program(), ["serve", "--data", this.data, "--listen", `127.0.0.1:${this.port}`]);
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
    }
    const started = Date.now();
    while (!(await this.isHealthy())) {
      if (child.exitCode !== null) throw new Error(`the server ended at once:\n${this.output}`);
      if (Date.now() - started > READY_MS) throw new Error(`the server does not get ready:\n${this.output}`);
      await pause(20);
    }
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Ends it for good and removes what it kept. Anything it called an error fails the story. */
  async close(): Promise<void> {
    await this.end("SIGTERM");
    process.off("exit", this.kills);
    await rm(this.data, { recursive: true, force: true });
    const bad = this.output.split("\n").filter((line) => /\bERROR\b|panicked at/.test(line));
    if (bad.length > 0) throw new Error(`the server logged errors:\n${bad.join("\n")}`);
  }

  private async fill({ chats, messages, until }: Seed): Promise<void> {
    const size = ["--chats", String(chats), "--messages", String(messages), "--password", SEED_PASSWORD];
    if (until !== undefined) size.push("--until", String(until.getTime()));
    await promisify(execFile)(program(), ["seed", "--data", this.data, ...size]);
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  private async isHealthy(): Promise<boolean> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}/healthz`);
      return answer.ok;
    } catch {
      return false;
    }
  }
}

function program(): string {
  const path = process.env["ANSER"];
  if (path === undefined) throw new Error("ANSER must name the server's binary (cargo xtask test --only e2e does)");
  return path;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
