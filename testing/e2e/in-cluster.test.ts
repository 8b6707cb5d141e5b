import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { deploy, eventually, nodeApp, ownClusterAddress, startEbb, tempDir, type EbbServer } from "@ebb/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const IMAGE = "localhost/ebb-in-cluster:1";
const CLUSTER = ownClusterAddress();
const run = promisify(execFile);

/** Asks the cluster's API as a program that knows only what Kubernetes promises it. */
const ASK = `
  const { readFileSync } = require("node:fs");
  const folder = process.env.EBB_SERVICE_ACCOUNT;
  const options = { host: process.env.KUBERNETES_SERVICE_HOST, port: process.env.KUBERNETES_SERVICE_PORT, path: request.url,
    ca: readFileSync(folder + "/ca.crt"), headers: { authorization: "Bearer " + readFileSync(folder + "/token", "utf8") } };
  if (request.url.startsWith("/api")) return void require("node:https").get(options, (answer) => {
    response.statusCode = answer.statusCode;
    answer.pipe(response);
  });`;

const kubectlIsThere = existsSync("/usr/bin/kubectl");
const containers = process.getuid?.() === 0 && ["/usr/bin/podman", "/bin/busybox", "/usr/bin/kubectl"].every((path) => existsSync(path));

describe("the cluster's API from inside", () => {
  let ebb: EbbServer;
  const kubectl = async (...args: string[]) => (await run("kubectl", ["--kubeconfig", ebb.urls.kubeconfig, ...args])).stdout;

  beforeAll(async () => {
    ebb = await startEbb({ args: ["--cluster-address", CLUSTER.address] });
  }, 60_000);
  afterAll(async () => {
    await ebb.dispose();
    await CLUSTER.free();
  });

  test("a process may do what a RoleBinding allows its account, from the next request on, and nothing else", async () => {
    expect((await deploy(ebb.client, "asker", nodeApp({ handler: ASK }))).state).toBe("succeeded");
    const pods = "/api/v1/namespaces/default/pods";
    const refused = await ebb.get("asker", pods);
    expect([refused.status, JSON.parse(refused.body).message]).toEqual([
      403,
      'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"',
    ]);
    await kubectl("create", "rolebinding", "viewers", "--clusterrole=view", "--serviceaccount=default:default");
    const allowed = await ebb.get("asker", pods);
    expect(allowed.status).toBe(200);
    expect(JSON.parse(allowed.body).items[0].spec.serviceAccountName).toBe("default");
    expect((await ebb.get("asker", "/api/v1/namespaces/default/secrets")).status).toBe(403);
    await kubectl("delete", "rolebinding", "viewers");
    expect((await ebb.get("asker", pods)).status).toBe(403);
  }, 90_000);

  test.skipIf(!kubectlIsThere)("kubectl exec runs a command as the process does: its user, its environment, its folder", async () => {
    const [pod = ""] = (await kubectl("get", "pods", "-o", "name")).split("\n");
    const seen = await kubectl("exec", pod, "--", "sh", "-c", 'echo "$K_SERVICE $(id -u)"; test -e "$HOME" && ls');
    expect(seen).toMatch(/^asker (2\d{5}|[1-9]\d*)\n/);
    expect(seen).toContain("package.json");
    await expect(kubectl("exec", pod, "--", "sh", "-c", "exit 9")).rejects.toMatchObject({ code: 9 });
  });

  test.skipIf(!containers)(
    "kubectl in a container finds the API by its files, its environment and its names",
    async () => {
      const folder = await tempDir();
      await copyFile("/bin/busybox", join(folder.path, "busybox"));
      await copyFile("/usr/bin/kubectl", join(folder.path, "kubectl"));
      await writeFile(
        join(folder.path, "Containerfile"),
        'FROM scratch\nCOPY busybox /bin/busybox\nCOPY kubectl /bin/kubectl\nUSER 1000\nCMD ["/bin/busybox", "httpd", "-f", "-p", "8080"]\n',
      );
      await run("podman", ["build", "-q", "-t", IMAGE, folder.path]);
      await kubectl("create", "serviceaccount", "robot");
      // The first process of a container hears SIGTERM only if it listens for it; busybox does not, and is killed after `timeoutSeconds`.
      const service = (name: string, spec: object) => {
        const template = {
          metadata: { annotations: { "autoscaling.knative.dev/min-scale": "1" } },
          spec: { containers: [{ image: IMAGE }], timeoutSeconds: 1, ...spec },
        };
        return { apiVersion: "serving.knative.dev/v1", kind: "Service", metadata: { name, namespace: "default" }, spec: { template } };
      };
      await writeFile(join(folder.path, "a.json"), JSON.stringify(service("a", { serviceAccountName: "robot" })));
      await writeFile(join(folder.path, "b.json"), JSON.stringify(service("b", { automountServiceAccountToken: false })));
      await kubectl("apply", "-f", join(folder.path, "a.json"), "-f", join(folder.path, "b.json"));
      await kubectl("wait", "ksvc/a", "ksvc/b", "--for=condition=Ready", "--timeout=60s");
      const podOf = async (name: string) =>
        (await kubectl("get", "pods", "-l", `serving.knative.dev/service=${name}`, "-o", "name")).trim().replace("pod/", "");
      const [a, b] = [await podOf("a"), await podOf("b")];
      const inside = async (pod: string, ...args: string[]) => {
        try {
          return (await run("podman", ["exec", `ebb-${pod}`, ...args])).stdout;
        } catch (error) {
          return (error as { stderr: string }).stderr;
        }
      };
      expect(await inside(a, "/bin/kubectl", "get", "pods")).toContain(
        'User "system:serviceaccount:default:robot" cannot list resource "pods"',
      );
      await kubectl("create", "rolebinding", "robots", "--clusterrole=view", "--serviceaccount=default:robot");
      expect(await inside(a, "/bin/kubectl", "get", "pods")).toContain(a);
      const at = (host: string) =>
        `D=/var/run/secrets/kubernetes.io/serviceaccount; /bin/kubectl --server=https://${host} --certificate-authority=$D/ca.crt --token=$(/bin/busybox cat $D/token) get pods -o name`;
      for (const host of ["kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes.default", "kubernetes"])
        expect(await inside(a, "/bin/busybox", "sh", "-c", at(host)), host).toContain(`pod/${a}`);
      // The token is bound to the Pod once that is recorded, a moment after the start.
      await eventually(async () => (await inside(a, "/bin/kubectl", "auth", "whoami")).includes(a), 10_000);
      expect(await inside(b, "/bin/kubectl", "get", "pods")).not.toContain(b);
      // By TLS to another application, under each of its names; whoever does not know the authority does not trust it.
      const network = (tls: string) => {
        const change = `{"data":{"cluster-local-domain-tls":"${tls}"}}`;
        return kubectl("patch", "cm", "config-network", "-n", "knative-serving", "--type=merge", "-p", change);
      };
      await network("Enabled");
      await kubectl("wait", "ksvc/b", "--for=jsonpath={.status.address.url}=https://b.default.svc.cluster.local", "--timeout=30s");
      const uid = await kubectl("get", "route", "b", "-o", "jsonpath={.metadata.uid}");
      const authority = await kubectl("get", "secret", `route-${uid}-local`, "-o", "jsonpath={.data.ca\\.crt}");
      await inside(a, "/bin/busybox", "sh", "-c", `echo ${authority} | /bin/busybox base64 -d > /dev/shm/ca`);
      const ask = (host: string, ...more: string[]) =>
        inside(a, "/bin/kubectl", `--server=https://${host}`, "--token=none", ...more, "get", "--raw", "/");
      for (const host of ["b.default.svc.cluster.local", "b.default.svc", "b.default"])
        expect(await ask(host, "--certificate-authority=/dev/shm/ca"), host).toMatch(/could not find|NotFound|404/);
      expect(await ask("b.default")).toContain("unknown authority");
      await network("Disabled");
      await kubectl("delete", "ksvc", "a", "b");
      // Its containers may be going at that moment, which Podman fails at.
      await eventually(() => run("podman", ["rmi", "-f", IMAGE]), 30_000);
      await folder.remove();
    },
    120_000,
  );
});
