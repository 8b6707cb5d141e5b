import { ok, type Check } from "../finding.ts";

const NEEDED_MAJOR = 24;

export const checkNode: Check = async () => {
  const found = `${process.version} at ${process.execPath}`;
  if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return [ok("node", "Node.js", found)];
  return [
    {
      id: "node",
      title: "Node.js",
      level: "problem",
      found,
      meaning: `Ebb needs Node.js ${NEEDED_MAJOR}, which comes with it and was not used.`,
      remedy: "Run `npm ci` in Ebb's folder, and start it with `./ebb` or `npm start`.",
    },
  ];
};
