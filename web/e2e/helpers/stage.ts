// The client with made-up people behind it, served as the product serves it: every screen has an address, nothing moves.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const CLIENT = join(ROOT, "web/app/dist-fake");
const PACKAGES = join(ROOT, "web/e2e/node_modules");
const FONT_SHEET = "/fonts.css";

/** Emoji, in outline, come before Chinese, whose font has a few of its own. */
const FONTS = [
  ["@fontsource-variable/noto-sans", "Noto Sans Variable"],
  ["@fontsource-variable/noto-emoji", "Noto Emoji Variable"],
  ["@fontsource-variable/noto-sans-sc", "Noto Sans SC Variable"],
  ["@fontsource-variable/noto-sans-arabic", "Noto Sans Arabic Variable"],
] as const;

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** A small server of `npm run build:fake`, on a port of its own. */
export class Stage {
  private constructor(
    private readonly server: Server,
    private readonly policy: string,
  ) {}

  static async open(): Promise<Stage> {
    const server = createServer();
    const stage = new Stage(server, await policyOfTheProduct());
    server.on("request", (request, reply) => void stage.answer(request.url ?? "/", reply));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return stage;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async answer(url: string, reply: ServerResponse): Promise<void> {
    const path = normalize(decodeURIComponent(new URL(url, this.address).pathname));
    reply.setHeader("content-security-policy", this.policy);
    if (path === FONT_SHEET) return send(reply, ".css", fontSheet());
    // What a browser asks of its own accord.
    if (path === "/favicon.ico") return void reply.writeHead(204).end();
    try {
      if (path === "/") return send(reply, ".html", await page());
      const file = path.startsWith("/@fontsource") ? join(PACKAGES, path) : join(CLIENT, path);
      send(reply, extname(path), await readFile(file));
    } catch {
      reply.writeHead(404).end();
    }
  }
}

function send(reply: ServerResponse, extension: string, body: string | Buffer): void {
  reply.setHeader("content-type", TYPES[extension] ?? "application/octet-stream");
  reply.end(body);
}

/** The page, with one more style sheet: the fonts of the pictures in place of those of this machine. */
async function page(): Promise<string> {
  const html = await readFile(join(CLIENT, "index.html"), "utf8");
  return html.replace("</head>", `<link rel="stylesheet" href="${FONT_SHEET}" /></head>`);
}

function fontSheet(): string {
  const faces = FONTS.map(([name]) =>
    readFileSync(join(PACKAGES, name, "index.css"), "utf8")
      .replaceAll("url(./files/", `url(/${name}/files/`)
      // What is drawn later in another font would be in some pictures and not in others.
      .replaceAll("font-display: swap", "font-display: block"),
  );
  const names = FONTS.map(([, family]) => `"${family}"`).join(", ");
  // What asks for colour would get it from a font of this machine, if there is one.
  return `${faces.join("\n")}\n* { font-variant-emoji: text; }\n:root { --font: ${names}, sans-serif; --font-code: var(--font); --font-emoji: "Noto Emoji Variable", var(--font); }\n`;
}

/** What the server sends, read where it is written, so that the stage forbids what the product forbids. */
async function policyOfTheProduct(): Promise<string> {
  const source = await readFile(join(ROOT, "crates/server/src/gateway/http.rs"), "utf8");
  const policy = /const SECURITY_POLICY: &str = "([^"]*)"/.exec(source)?.[1];
  if (policy === undefined) throw new Error("crates/server/src/gateway/http.rs no longer says SECURITY_POLICY");
  return policy.replaceAll(/\\\n\s*/g, "");
}
