import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  CLAIM_PROTECTION,
  PersistentVolumeClaims,
  PersistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
} from "@ebb/kube";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, splitKey } from "../engine/keys.ts";
import { boundTo, claimStatus, grown, isOwn, isUsed, makeVolume, PROVISIONER, volumeName } from "./reconcile.ts";

/**
 * Claims get folders of this machine, and give them back: binds claims of the classes that PROVISIONER serves, keeps a claim while a Pod has it, and
 * removes the folder of a claim that is gone before the volume's object, so that no folder is ever without one. The folders themselves are made by
 * the runtime, with the first instance that mounts them.
 */
export class ClaimController {
  readonly controllers: readonly Controller[];
  readonly #context: Context;
  readonly #root: string;
  readonly #claims: Controller;
  readonly #volumes: Controller;

  /** `root` holds a folder for each volume. */
  constructor(context: Context, root: string) {
    this.#context = context;
    this.#root = root;
    const { clock, log, claims, volumes, storageClasses, pods } = context;
    this.#claims = new Controller({ name: "claim", clock, log, reconcile: (key) => this.#reconcileClaim(key) });
    this.#volumes = new Controller({ name: "volume", clock, log, reconcile: (name) => this.#reconcileVolume(name) });
    this.controllers = [this.#claims, this.#volumes];
    claims.onChange(({ object }) => {
      this.#claims.add(keyOf(object));
      if (object.spec.volumeName) this.#volumes.add(object.spec.volumeName);
    });
    volumes.onChange(({ object }) => {
      this.#volumes.add(object.metadata.name);
      const { namespace, name } = object.spec.claimRef ?? {};
      if (namespace && name) this.#claims.add(`${namespace}/${name}`);
    });
    storageClasses.onChange(({ type }) => {
      if (type === "resync") return;
      for (const claim of claims.list()) if (!claim.spec.volumeName) this.#claims.add(keyOf(claim));
    });
    pods.onChange(({ object }) => this.#podChanged(object));
  }

  #podChanged({ metadata, spec }: Pod): void {
    for (const { persistentVolumeClaim: claim } of spec.volumes ?? [])
      if (claim?.claimName) this.#claims.add(`${metadata.namespace ?? ""}/${claim.claimName}`);
  }

  async #reconcileClaim(key: string): Promise<void> {
    const { client, claims, volumes, pods } = this.#context;
    const { namespace, name } = splitKey(key);
    const claim = claims.get(namespace, name);
    if (!claim) return;
    const { finalizers = [], deletionTimestamp } = claim.metadata;
    if (deletionTimestamp) {
      if (!finalizers.includes(CLAIM_PROTECTION) || isUsed(claim, pods.list({ namespace }))) return;
      const rest = finalizers.filter((finalizer) => finalizer !== CLAIM_PROTECTION);
      await client.update(PersistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, finalizers: rest } });
      return;
    }
    if (!claim.spec.volumeName) return this.#bind(claim);
    const volume = volumes.get(undefined, claim.spec.volumeName);
    const larger = volume && isOwn(volume) ? grown(volume, claim) : undefined;
    const current = larger ? await client.update(PersistentVolumes, larger) : volume;
    await applyStatus(client, PersistentVolumeClaims, { object: claim, status: claimStatus(claim, current) });
  }

  async #bind(claim: PersistentVolumeClaim): Promise<void> {
    const { client, storageClasses, volumes, events } = this.#context;
    const { storageClassName = "" } = claim.spec;
    const storageClass = storageClasses.get(undefined, storageClassName);
    if (storageClass?.provisioner !== PROVISIONER) {
      const message = storageClassName
        ? `storageclass.storage.k8s.io "${storageClassName}" not found, or not one of ${PROVISIONER}`
        : "no persistent volumes available for this claim and no storage class is set";
      events.note(claim, { type: "Warning", reason: storageClassName ? "ProvisioningFailed" : "FailedBinding", message });
      return applyStatus(client, PersistentVolumeClaims, { object: claim, status: claimStatus(claim, undefined) });
    }
    const name = volumeName(claim);
    if (!volumes.get(undefined, name)) await client.create(PersistentVolumes, makeVolume(claim, storageClass, join(this.#root, name)));
    await client.update(PersistentVolumeClaims, boundTo(claim, name));
  }

  async #reconcileVolume(name: string): Promise<void> {
    const { client, volumes } = this.#context;
    const volume = volumes.get(undefined, name);
    if (!volume || !isOwn(volume)) return;
    const { claimRef = {}, persistentVolumeReclaimPolicy: policy } = volume.spec;
    // Not the copy, which may be behind: what follows cannot be undone.
    const claim = await client.get(PersistentVolumeClaims, claimRef.namespace, claimRef.name ?? "");
    if (claim && claim.metadata.uid === claimRef.uid)
      return applyStatus(client, PersistentVolumes, { object: volume, status: { phase: "Bound" } });
    if (policy === "Retain" && !volume.metadata.deletionTimestamp)
      return applyStatus(client, PersistentVolumes, { object: volume, status: { phase: "Released" } });
    if (policy !== "Retain") await rm(join(this.#root, name), { recursive: true, force: true });
    await this.#letGo(volume);
  }

  async #letGo(volume: PersistentVolume): Promise<void> {
    const { client } = this.#context;
    const { finalizers = [], name, deletionTimestamp } = volume.metadata;
    if (finalizers.length > 0) await client.update(PersistentVolumes, { ...volume, metadata: { ...volume.metadata, finalizers: [] } });
    if (!deletionTimestamp) await client.delete(PersistentVolumes, undefined, name);
  }
}
