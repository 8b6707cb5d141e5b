export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Appended to the family's name: `_bucket`, `_sum`, `_count`. */
  suffix?: string;
}

export interface Family {
  name: string;
  help: string;
  type: "counter" | "gauge" | "histogram";
  samples: Sample[];
}

/** Prometheus' text exposition format, version 0.0.4. */
export function renderFamilies(families: readonly Family[]): string {
  return families.map(renderFamily).join("");
}

function renderFamily({ name, help, type, samples }: Family): string {
  const lines = samples.map(({ labels, value, suffix = "" }) => `${name}${suffix}${renderLabels(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function renderLabels(labels: Sample["labels"]): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escape(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escape(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
