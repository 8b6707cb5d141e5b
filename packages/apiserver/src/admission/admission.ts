import type { KubeObject } from "@ebb/kube";
import type { AdmissionAttributes } from "./attributes.ts";
import type { PolicyAdmission } from "./policy-admission.ts";
import type { WebhookAdmission } from "./webhook-admission.ts";

/** What users have to say about writes, in the order of Kubernetes' plugins: mutating webhooks, policies, validating webhooks. */
export class Admission {
  readonly #webhooks: WebhookAdmission;
  readonly #policies: PolicyAdmission;

  constructor(webhooks: WebhookAdmission, policies: PolicyAdmission) {
    this.#webhooks = webhooks;
    this.#policies = policies;
  }

  /** Whether anybody has to say something; cheap. */
  concerns(...request: Parameters<WebhookAdmission["concerns"]>): boolean {
    return this.#webhooks.concerns(...request) || this.#policies.concerns(...request);
  }

  async mutate(attributes: AdmissionAttributes): Promise<KubeObject | undefined> {
    return this.#webhooks.mutate(attributes);
  }

  /** Throws the first refusal. */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    this.#policies.validate(attributes);
    await this.#webhooks.validate(attributes);
  }
}
