import { Signal } from "@ebb/base";
import type { RevisionStats } from "@ebb/gateway";
import type { InformerEvent, PodAutoscaler } from "@ebb/kube";
import type { InstanceStatus } from "@ebb/runtime";
import { VirtualClock } from "@ebb/testkit";
import { expect, test } from "vitest";
import { RevisionMetrics } from "./revision-metrics.ts";

const KEY = "default/shop-00001";

function setup() {
  const clock = new VirtualClock();
  const onStats = new Signal<{ time: number; revisions: RevisionStats[] }>();
  const changes = new Signal<InformerEvent<PodAutoscaler>>();
  const labels = { "serving.knative.dev/service": "shop", "serving.knative.dev/configuration": "shop" };
  const autoscaler = { metadata: { namespace: "default", name: "shop-00001", labels } } as unknown as PodAutoscaler;
  const instances: Pick<InstanceStatus, "workload" | "phase">[] = [];
  const metrics = new RevisionMetrics({
    gateway: { onStats },
    instances: { all: () => instances as InstanceStatus[], desired: () => instances.length },
    autoscalers: { list: () => [autoscaler], onChange: (listener) => changes.on(listener) },
    clock,
  });
  metrics.start();
  const counted = (responses: Record<string, number>, latency: number[]) =>
    onStats.emit({
      time: 0,
      revisions: [
        {
          revision: KEY,
          concurrency: 0,
          requests: 0,
          queued: 0,
          inFlight: 0,
          traffic: {
            responses,
            latency,
            latencySumMs: 12.5,
            held: 1,
            heldMs: 90,
            requestBytes: 10,
            responseBytes: 20,
            interventions: { denied: 2 },
          },
        },
      ],
    });
  return { clock, metrics, instances, counted, changes, autoscaler };
}

test("requests, latencies and what waited, by the names that Knative gives them", () => {
  const { metrics, counted } = setup();
  counted({ "2xx": 3, "5xx": 1 }, [2, 0, 1, 1]);
  const at = 'namespace_name="default",service_name="shop",configuration_name="shop",revision_name="shop-00001"';
  const text = metrics.text();
  expect(text).toContain(`revision_request_count{${at},response_code_class="2xx"} 3\n`);
  expect(text).toContain(`revision_request_count{${at},response_code_class="5xx"} 1\n`);
  expect(text).toContain("# TYPE revision_request_latencies histogram\n");
  expect(text).toContain(`revision_request_latencies_bucket{${at},le="0.5"} 2\n`);
  expect(text).toContain(`revision_request_latencies_bucket{${at},le="2"} 3\n`);
  expect(text).toContain(`revision_request_latencies_sum{${at}} 12.5\n`);
  expect(text).toContain(`revision_request_latencies_count{${at}} 4\n`);
  expect(text).toContain(`ebb_revision_held_request_count{${at}} 1\n`);
  expect(text).toContain(`ebb_revision_intervention_count{${at},intervention="denied"} 2\n`);
});

test("instance-seconds are counted while instances run, whatever their state", async () => {
  const { clock, metrics, instances } = setup();
  instances.push({ workload: KEY, phase: "starting" }, { workload: KEY, phase: "ready" }, { workload: KEY, phase: "ended" });
  await clock.advance(10_000);
  expect(metrics.text()).toMatch(/ebb_revision_instance_seconds\{.*\} 20\n/);
  expect(metrics.text()).toMatch(/autoscaler_actual_pods\{.*\} 2\n/);
  instances.length = 0;
  await clock.advance(5000);
  expect(metrics.text()).toMatch(/ebb_revision_instance_seconds\{.*\} 20\n/);
});

test("a revision that is deleted takes its counts along", () => {
  const { metrics, counted, changes, autoscaler } = setup();
  counted({ "2xx": 3 }, [3]);
  changes.emit({ type: "deleted", object: autoscaler });
  expect(metrics.text()).not.toContain("revision_request_count{");
});
