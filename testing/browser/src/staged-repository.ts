import type { GitCredential, GitSettings, Repository, Revised } from "@ebb/api";

export const gitSettings: Revised<GitSettings> = { publicServers: true, allow: ["git.corp.example.com"], revision: "1" };

export const deployKey: GitCredential = {
  id: "c-1",
  prefix: "git.example.com:2222/acme",
  kind: "ssh",
  user: "",
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO0 ebb",
  fingerprint: "SHA256:k3Jr9vQ0XWmF2b",
  knownHosts: "",
  createdAt: "2026-01-01T00:00:00Z",
  createdBy: "ada",
};

export const repository: Revised<Repository> = {
  app: "hello-node",
  url: "https://github.com/acme/hello",
  folder: "services/hello",
  rules: [
    { branch: "main", environment: "test" },
    { branch: "release/*", environment: "prod" },
  ],
  previewHours: 72,
  hookUrl: "https://ebb.example.com/api/v1/hooks/git/hello-node",
  hookSince: "2026-01-01T00:00:00Z",
  deliveries: [
    {
      time: "2026-01-02T10:00:00Z",
      provider: "github",
      branch: "feature/login",
      commit: "0123456789abcdef0123456789abcdef01234567",
      outcome: "deployed",
      message: "feature/login goes to feature-login",
      environment: "feature-login",
      operation: "op-failed",
    },
    {
      time: "2026-01-02T09:00:00Z",
      provider: "github",
      branch: "main",
      commit: "fedcba9876543210fedcba9876543210fedcba98",
      outcome: "refused",
      message: "The environment test is frozen until tomorrow",
      environment: null,
      operation: null,
    },
  ],
  updated: { at: "2026-01-01T00:00:00Z", by: "ada" },
  revision: "3",
};
