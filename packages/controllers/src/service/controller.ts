import { Services, type KubeObject } from "@ebb/kube";
import type { Context } from "../context.ts";
import { apply, applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, ownerKey, splitKey } from "../engine/keys.ts";
import { planService } from "./reconcile.ts";

export function createServiceController(context: Context): Controller {
  const { clock, log, client, services, configurations, routes, revisions, events } = context;
  const controller = new Controller({
    name: "service",
    clock,
    log,
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const service = services.get(namespace, name);
      if (!service || service.metadata.deletionTimestamp) return;
      const chosen = service.spec.template.metadata?.name;
      const observed = {
        service,
        configuration: configurations.get(namespace, name),
        route: routes.get(namespace, name),
        named: chosen ? revisions.get(namespace, chosen) : undefined,
        now: clock.now(),
      };
      const plan = planService(observed);
      if (plan.configuration) await apply(client, plan.configuration);
      if (plan.route) await apply(client, plan.route);
      await applyStatus(client, Services, { object: service, status: plan.status });
      if (plan.configuration && !observed.configuration) note(service, `Created Configuration "${name}"`);
      if (plan.route && !observed.route) note(service, `Created Route "${name}"`);
    },
  });
  const note = (service: KubeObject, message: string) => events.note(service, { type: "Normal", reason: "Created", message });
  services.onChange(({ object }) => controller.add(keyOf(object)));
  configurations.onChange(({ object }) => controller.add(ownerKey(Services, object) ?? keyOf(object)));
  routes.onChange(({ object }) => controller.add(ownerKey(Services, object) ?? keyOf(object)));
  return controller;
}
