/** Where something that happened to an app is known from. Apart from the schemas, whose library neither the console nor a command is to load. */
export const HAPPENING_KINDS = ["operation", "release", "scaling", "cluster", "change", "alert"] as const;
export type HappeningKind = (typeof HAPPENING_KINDS)[number];
