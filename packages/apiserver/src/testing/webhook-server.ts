import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock, systemRandom } from "@ebb/base";
import { onTestFinished } from "vitest";
import { makeCertificate } from "../certificate.ts";

// What a review says is looked at freely in tests.
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;
export type Judge = (request: Loose, path: string) => Promise<object> | object;

export interface WebhookServer {
  port: number;
  url: (path: string) => string;
  /** For clientConfig. */
  caBundle: string;
  /** The `request` of each review, as they came. */
  reviews: Loose[];
}

/** A webhook over TLS: what `judge` returns is the answer's `response`, allowed and with the right uid unless it says otherwise. */
export async function startWebhook(judge: Judge, names: string[] = ["127.0.0.1", "hook.default.svc"]): Promise<WebhookServer> {
  const { certificate, key } = await makeCertificate(names, systemClock.now(), systemRandom);
  const reviews: Loose[] = [];
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const review = JSON.parse(Buffer.concat(chunks).toString());
      reviews.push(review.request);
      void Promise.resolve(judge(review.request, (request.url ?? "").split("?")[0] ?? "")).then((answer) => {
        const { raw, ...rest } = answer as { raw?: string };
        const whole = {
          apiVersion: review.apiVersion,
          kind: "AdmissionReview",
          response: { uid: review.request.uid, allowed: true, ...rest },
        };
        response.setHeader("content-type", "application/json");
        response.end(raw ?? JSON.stringify(whole));
      });
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (path) => `https://127.0.0.1:${port}${path}`,
    caBundle: Buffer.from(certificate).toString("base64"),
    reviews,
  };
}

export function patchOf(...operations: object[]): object {
  return { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(operations)).toString("base64") };
}

/** A configuration of webhooks about ConfigMaps, unless they say otherwise. */
export function webhooks(sort: "Mutating" | "Validating", name: string, ...hooks: object[]): object {
  const rules = [{ operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }];
  const common = { rules, sideEffects: "None", admissionReviewVersions: ["v1"], timeoutSeconds: 5 };
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: `${sort}WebhookConfiguration`,
    metadata: { name },
    webhooks: hooks.map((hook, index) => ({ name: `h${index}.${name}.example.com`, ...common, ...hook })),
  };
}
