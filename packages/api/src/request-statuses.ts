/** `failed` is what the figures count as an error: 5xx, and answers that broke off. Apart from the schemas, as `OPERATION_STATES` are. */
export const REQUEST_STATUSES = ["failed", "5xx", "4xx", "3xx", "2xx", "1xx"] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];
