/**
 * `npm test`: makes sure that what the tests need is there, runs them all, and ends with a line `N passed, N failed, N skipped`.
 * Arguments go to Vitest (`npm test -- packages/gateway`).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Need {
  /** Present when one of these paths exists. */
  paths: string[];
  packages: string[];
  /** What is skipped without it. */
  without: string;
}

const NEEDS: Need[] = [
  {
    paths: ["/usr/bin/podman"],
    packages: ["podman", "runc", "buildah", "netavark", "aardvark-dns", "catatonit", "iptables"],
    without: "the container driver and image builds",
  },
  { paths: ["/usr/sbin/iptables", "/sbin/iptables"], packages: ["iptables"], without: "container networks" },
  { paths: ["/usr/sbin/runc", "/usr/bin/runc"], packages: ["runc"], without: "the container driver" },
  { paths: ["/bin/busybox", "/usr/bin/busybox"], packages: ["busybox-static"], without: "container images made for the tests" },
  { paths: ["/usr/bin/chromium-headless-shell"], packages: ["chromium-headless-shell"], without: "the console in a browser" },
  { paths: ["/usr/lib/postgresql/15/bin/postgres"], packages: ["postgresql-15"], without: "the platform's storage on PostgreSQL" },
  { paths: ["/usr/bin/pebble"], packages: ["pebble"], without: "certificates from an ACME server" },
  { paths: ["/usr/bin/python3"], packages: ["python3"], without: "Python applications" },
  { paths: ["/usr/bin/go", "/usr/local/go/bin/go"], packages: ["golang-go"], without: "Go applications" },
  {
    paths: ["/usr/share/doc/python3-radicale", "/usr/lib/python3/dist-packages/radicale"],
    packages: ["radicale"],
    without: "a Python server from a Debian package",
  },
  { paths: ["/usr/share/doc/git-doc/index.html"], packages: ["git-doc"], without: "a static documentation site" },
  { paths: ["/usr/sbin/nginx"], packages: ["nginx-light"], without: "the comparison of refused requests with nginx" },
  { paths: ["/usr/sbin/haproxy"], packages: ["haproxy"], without: "the comparison of refused requests with HAProxy" },
  { paths: ["/usr/sbin/ip", "/sbin/ip", "/bin/ip"], packages: ["iproute2"], without: "cluster names inside containers" },
];

function missing(): Need[] {
  return NEEDS.filter((need) => !need.paths.some((path) => existsSync(path)));
}

function prepare(): void {
  const wanted = missing();
  if (wanted.length === 0) return;
  const packages = [...new Set(wanted.flatMap((need) => need.packages))];
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log(`installing for the tests: ${packages.join(" ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env });
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { stdio: ["ignore", "ignore", "inherit"], env });
  }
  for (const need of missing()) console.log(`skipped: ${need.without} (needs the Debian packages ${need.packages.join(" ")})`);
}

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numFailedTestSuites: number;
}

function run(): void {
  const folder = mkdtempSync(join(tmpdir(), "ebb-report-"));
  const file = join(folder, "report.json");
  const { status } = spawnSync(
    "vitest",
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)],
    // Each of some fifty processes of the runner, and what tests start themselves, would compile the same modules again.
    { stdio: "inherit", env: { ...process.env, NODE_COMPILE_CACHE: join(import.meta.dirname, "../node_modules/.cache/ebb-tests") } },
  );
  let failed = status === 0 ? 0 : 1;
  let line = `0 passed, ${failed} failed`;
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    // A file that cannot be loaded, or an unhandled error, fails the run without failing a test.
    if (report.numFailedTests > 0 || failed > 0) failed = Math.max(1, report.numFailedTests);
    line = `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`;
  }
  rmSync(folder, { recursive: true, force: true });
  console.log(line);
  process.exitCode = failed > 0 ? 1 : 0;
}

prepare();
run();
