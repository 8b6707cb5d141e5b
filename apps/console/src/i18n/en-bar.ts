/** An app's bar: where one is, and its pages. */
export const enBar = {
  appBar: {
    otherApp: "Another app",
    partsOf: (group: string) => `Parts of ${group}`,
    groups: {
      overview: "Overview",
      traffic: "Traffic",
      versions: "Versions",
      logs: "Logs",
      scaling: "Scaling",
      config: "Configuration",
      activity: "Activity",
      settings: "Settings",
    },
    parts: {
      overview: "Overview",
      split: "Split & rules",
      releases: "Releases",
      guard: "Limits & access",
      domains: "Domains",
      try: "Try it",
      versions: "Versions",
      lines: "Live log",
      terminal: "Terminal",
      decisions: "Decisions",
      coldStarts: "Cold starts",
      config: "Configuration",
      events: "Events",
      operations: "Operations",
      settings: "Settings",
    },
  },
};
