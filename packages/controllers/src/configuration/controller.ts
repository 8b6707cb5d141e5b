import { Configurations, Revisions, StatusError, type Configuration, type Revision } from "@ebb/kube";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, ownerKey, splitKey } from "../engine/keys.ts";
import { garbage } from "../gc/reconcile.ts";
import { creationFailed, planConfiguration } from "./reconcile.ts";

/** Configurations, and (as upstream, whenever one changes) the collection of their old Revisions. */
export function createConfigurationController(context: Context): Controller {
  const { clock, log, client, configurations, revisions, revisionsOf, events, settings } = context;
  const collect = async (configuration: Configuration) => {
    const old = garbage(settings.current.gc, configuration, revisionsOf.get(keyOf(configuration)), clock.now());
    for (const { metadata } of old) {
      const preconditions = metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } };
      await client.delete(Revisions, metadata.namespace, metadata.name, preconditions);
      log.info({ revision: metadata.name, namespace: metadata.namespace }, "an old Revision was collected");
    }
  };
  /** What admission refuses is told by the Configuration, as nobody watches a log. */
  const create = async (configuration: Configuration, revision: Revision) => {
    try {
      await client.create(Revisions, revision);
    } catch (error) {
      if (error instanceof StatusError && error.kind === "user" && error.reason !== "AlreadyExists") {
        await applyStatus(client, Configurations, {
          object: configuration,
          status: creationFailed(configuration, error.message, clock.now()),
        });
      }
      throw error;
    }
  };
  const controller = new Controller({
    name: "configuration",
    clock,
    log,
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const configuration = configurations.get(namespace, name);
      if (!configuration || configuration.metadata.deletionTimestamp) return;
      const chosen = configuration.spec.template.metadata?.name;
      const plan = planConfiguration({
        configuration,
        revisions: revisionsOf.get(key),
        named: chosen ? revisions.get(namespace, chosen) : undefined,
        now: clock.now(),
      });
      if (plan.create) {
        await create(configuration, plan.create);
        events.note(configuration, { type: "Normal", reason: "Created", message: `Created Revision "${plan.create.metadata.name}"` });
      }
      for (const revision of plan.retire) await client.update(Revisions, revision);
      await applyStatus(client, Configurations, { object: configuration, status: plan.status });
      for (const note of plan.notes) events.note(configuration, note);
      await collect(configuration);
    },
  });
  configurations.onChange(({ object }) => controller.add(keyOf(object)));
  revisions.onChange(({ object }) => controller.add(ownerKey(Configurations, object)));
  settings.changed.on((setting) => {
    if (setting === "gc") for (const configuration of configurations.list()) controller.add(keyOf(configuration));
  });
  return controller;
}
