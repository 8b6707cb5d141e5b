/** A message we refuse: the status for the client (an upstream's becomes 502), and words a person can act on. */
export class Rejection {
  readonly status: number;
  readonly message: string;

  constructor(status: number, message: string) {
    this.status = status;
    this.message = message;
  }
}

export type HeadProblem = "start-line" | "version" | "target-too-long" | "field" | "too-many-fields" | "line-ending";

const REJECTIONS: Record<HeadProblem, Rejection> = {
  "start-line": new Rejection(400, "malformed request line"),
  version: new Rejection(505, "only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here"),
  "target-too-long": new Rejection(414, "the request target is too long"),
  field: new Rejection(400, "malformed header line"),
  "too-many-fields": new Rejection(431, "too many headers"),
  "line-ending": new Rejection(400, "lines must end with CRLF"),
};

export const HEAD_TOO_LARGE = new Rejection(431, "the headers are too large");

export function rejectionOf(problem: HeadProblem): Rejection {
  return REJECTIONS[problem];
}
