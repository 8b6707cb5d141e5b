import { causeChain } from "@ebb/base";
import { Certificates, Secrets, type Certificate, type Secret } from "@ebb/kube";
import { CERTIFICATE_CLASS } from "../config/network.ts";
import type { Context } from "../context.ts";
import { applyStatus } from "../engine/apply.ts";
import { Controller } from "../engine/controller.ts";
import { keyOf, ownerKey, splitKey } from "../engine/keys.ts";
import type { IssueCertificate } from "../ports.ts";
import { certificateStatus, keptIn, makeSecret, untilRenewal } from "./reconcile.ts";
import { classOf } from "./resources.ts";

/** Knative's Certificates: what cert-manager makes of them upstream, from an authority of the cluster's own. Those of another class are others' to make. */
export class CertificateController {
  readonly controller: Controller;
  readonly #context: Context;
  readonly #issue: IssueCertificate;

  constructor(context: Context, issue: IssueCertificate) {
    this.#context = context;
    this.#issue = issue;
    const { clock, log, certificates, secrets } = context;
    this.controller = new Controller({ name: "certificate", clock, log, reconcile: (key) => this.#reconcile(key) });
    certificates.onChange(({ object }) => this.controller.add(keyOf(object)));
    secrets.onChange(({ object, type }) => {
      const owner = ownerKey(Certificates, object);
      if (owner !== undefined && type !== "resync") this.controller.add(owner);
    });
  }

  async #reconcile(key: string): Promise<number | void> {
    const { namespace, name } = splitKey(key);
    const { certificates, secrets, client, clock } = this.#context;
    const certificate = certificates.get(namespace, name);
    if (!certificate || certificate.metadata.deletionTimestamp) return;
    if ((classOf(certificate) ?? CERTIFICATE_CLASS) !== CERTIFICATE_CLASS) return;
    const now = clock.now();
    const secret = secrets.get(namespace, certificate.spec.secretName);
    const kept = keptIn(certificate, secret, now);
    const outcome = kept.state === "good" ? kept : kept.state === "refused" ? { cause: kept.cause } : await this.#made(certificate, secret);
    await applyStatus(client, Certificates, { object: certificate, status: certificateStatus(certificate, outcome, now) });
    return "notAfter" in outcome ? untilRenewal(outcome.notAfter, now) : undefined;
  }

  async #made(certificate: Certificate, secret: Secret | undefined) {
    const { client } = this.#context;
    let issued;
    try {
      issued = await this.#issue(certificate.spec.dnsNames);
    } catch (error) {
      return { cause: { reason: "IssuingFailed", message: causeChain(error).join(": ") } };
    }
    const made = makeSecret(certificate, issued);
    if (secret) await client.update(Secrets, { ...made, metadata: { ...secret.metadata, ...made.metadata } });
    else await client.create(Secrets, made);
    return { notAfter: issued.notAfter };
  }
}
