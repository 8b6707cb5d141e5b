import { findCommand } from "../../find-command.ts";
import { ok, type Check } from "../finding.ts";

export const checkUser: Check = async ({ host }) => {
  const facts = { id: "user", title: "User of instances" };
  if (host.uid !== 0) {
    return [
      {
        ...facts,
        level: "warning",
        found: `yourself (uid ${host.uid ?? "unknown"}), as Ebb does not run as root`,
        meaning: "Applications run with your rights and can read your files: deploy only what you would run yourself.",
        remedy: "Run Ebb as root, or as a user of its own; or give it a container engine and deploy images.",
      },
    ];
  }
  const tool = await findCommand(["setpriv"], host.env);
  if (tool !== undefined) return [ok(facts.id, facts.title, `an unprivileged one (${tool})`)];
  return [
    {
      ...facts,
      level: "warning",
      found: "setpriv is not installed",
      meaning: "Instances cannot be given an unprivileged user with its privileges dropped.",
      remedy: "Install it: apt-get install util-linux",
    },
  ];
};
