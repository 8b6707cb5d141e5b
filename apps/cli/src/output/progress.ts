import type { Timer } from "@ebb/base";
import type { Host } from "../host.ts";
import { took } from "./durations.ts";
import { createStyle, printable, textWidth, type Style } from "./style.ts";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_PERIOD = 100;

/**
 * What goes on, on standard error. On a terminal the last line lives: it turns and counts seconds while work goes on. Elsewhere nothing
 * moves, and only lines that stay are written.
 */
export class Progress {
  readonly style: Style;
  readonly #host: Host;
  readonly #live: boolean;
  #timer: Timer | undefined;
  #text = "";
  #since = 0;
  #frame = 0;

  readonly #silent: boolean;

  constructor(host: Host, silent = false) {
    this.#host = host;
    this.#silent = silent;
    this.style = createStyle(host.stderr, host.env);
    this.#live = !silent && host.stderr.isTTY === true && host.env["TERM"] !== "dumb" && !host.env["CI"];
  }

  /** What is being done now, until the next call or `idle`. */
  busy(text: string): void {
    if (!this.#live) return;
    if (text !== this.#text) this.#since = this.#host.clock.monotonic();
    this.#text = text;
    this.#timer ??= this.#host.clock.every(FRAME_PERIOD, () => this.#draw());
    this.#draw();
  }

  /** Nothing is being done: the live line goes away. Always called before the command ends. */
  idle(): void {
    this.#erase();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#text = "";
  }

  /** One that shows nothing, for parts whose progress is not of interest. */
  silent(): Progress {
    return new Progress(this.#host, true);
  }

  /** A line that stays. */
  line(text: string): void {
    if (this.#silent) return;
    this.#erase();
    this.#host.stderr.write(`${text}\n`);
    if (this.#timer) this.#draw();
  }

  /** A line of somebody else's output, set apart from ours. */
  quote(text: string): void {
    this.line(this.style.dim(`  │ ${this.#host.stderr.isTTY ? printable(text) : text}`));
  }

  done(text: string, milliseconds?: number): void {
    this.line(`${this.style.good("✓")} ${text}${milliseconds === undefined ? "" : this.style.dim(`  ${took(milliseconds)}`)}`);
  }

  failed(text: string, milliseconds?: number): void {
    this.line(`${this.style.bad("✗")} ${text}${milliseconds === undefined ? "" : this.style.dim(`  ${took(milliseconds)}`)}`);
  }

  warn(text: string): void {
    this.line(`${this.style.warn("!")} ${text}`);
  }

  #draw(): void {
    const elapsed = this.#host.clock.monotonic() - this.#since;
    const tail = elapsed >= 1000 ? `  ${Math.floor(elapsed / 1000)} s` : "";
    const room = (this.#host.stderr.columns ?? 80) - tail.length - 3;
    const text = textWidth(this.#text) > room ? `${this.#text.slice(0, Math.max(0, room - 1))}…` : this.#text;
    this.#frame = (this.#frame + 1) % FRAMES.length;
    this.#host.stderr.write(`\r\u001b[K${this.style.link(FRAMES[this.#frame] ?? "")} ${text}${this.style.dim(tail)}`);
  }

  #erase(): void {
    if (this.#timer) this.#host.stderr.write("\r\u001b[K");
  }
}
