import { freemem } from "node:os";
import { humanBytes } from "../../output/durations.ts";
import { ok, type Check } from "../finding.ts";

/** Ebb's own processes take about 300 MB; a build or an instance needs some too. */
const COMFORTABLE_BYTES = 768 * 1024 * 1024;

export const checkMemory: Check = async () => {
  // A limit of the container or service that we run in counts as much as the machine's own.
  const limit = process.constrainedMemory();
  const available = Math.min(freemem(), limit > 0 ? process.availableMemory() : Infinity);
  const found = `${humanBytes(available)} available`;
  if (available >= COMFORTABLE_BYTES) return [ok("memory", "Memory", found)];
  return [
    {
      id: "memory",
      title: "Memory",
      level: "warning",
      found,
      meaning: "Builds and instances may be ended by the system for want of memory.",
      remedy: "Stop other programs, or give the machine more memory.",
    },
  ];
};
