import { startGateway } from "./gateway.ts";
import { startNginxProxy, startOrigin } from "./nginx.ts";
import { Stage } from "./processes.ts";
import { rounds } from "./rounds.ts";
import { wrk, type Measurement } from "./wrk.ts";

export interface AgainstNginx {
  /** Of an answer's body. */
  bytes: number;
  connections: readonly number[];
  /** Above 1 is better than nginx. */
  ratio(ours: Measurement, theirs: Measurement): number;
}

const ROUNDS = 5;
const SECONDS = 2;

/** The worst of the numbers of connections, each the median of the rounds. */
export function againstNginx({ bytes, connections, ratio }: AgainstNginx): Promise<number> {
  return Stage.run(async (stage) => {
    const origin = await startOrigin(stage, bytes);
    const nginx = await startNginxProxy(stage, origin.port);
    const ebb = await startGateway(stage, origin.port, 1000);
    let worst = Infinity;
    for (const count of connections) {
      console.log(`${bytes} bytes, ${count} connection${count === 1 ? "" : "s"}:`);
      const load = { connections: count, seconds: SECONDS };
      const show = ({ rate, cpu, p50 }: Measurement) => `${Math.round(rate)}/s ${cpu.toFixed(1)} µs cpu p50 ${Math.round(p50)} µs`;
      worst = Math.min(worst, await rounds(ROUNDS, { ours: () => wrk(ebb, load), theirs: () => wrk(nginx, load), ratio, show }));
    }
    return worst;
  });
}
