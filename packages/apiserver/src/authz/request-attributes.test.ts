import { expect, test } from "vitest";
import { attributesOf } from "./request-attributes.ts";

const user = { name: "ann", groups: [] };

test.each([
  ["GET /api/v1/pods", "list  pods in  named "],
  ["GET /api/v1/namespaces/team/pods", "list  pods in team named "],
  ["GET /api/v1/namespaces/team/pods?watch=true", "watch  pods in team named "],
  ["GET /api/v1/namespaces/team/pods?fieldSelector=metadata.name%3Da", "list  pods in team named a"],
  ["GET /api/v1/namespaces/team/pods?fieldSelector=metadata.name!%3Da", "list  pods in team named "],
  ["GET /api/v1/namespaces/team/pods/a", "get  pods in team named a"],
  ["GET /api/v1/namespaces/team/pods/a?watch=true", "get  pods in team named a"],
  ["GET /api/v1/namespaces/team/pods/a/log", "get  pods/log in team named a"],
  ["POST /api/v1/namespaces/team/serviceaccounts/sa/token", "create  serviceaccounts/token in team named sa"],
  ["DELETE /api/v1/namespaces/team/pods", "deletecollection  pods in team named "],
  ["DELETE /api/v1/namespaces/team/pods/a", "delete  pods in team named a"],
  ["PUT /apis/serving.knative.dev/v1/namespaces/team/services/a/status", "update serving.knative.dev services/status in team named a"],
  ["PATCH /apis/apps/v1/namespaces/team/deployments/a", "patch apps deployments in team named a"],
  ["GET /api/v1/namespaces", "list  namespaces in  named "],
  ["GET /api/v1/namespaces/team", "get  namespaces in team named team"],
  ["PUT /api/v1/namespaces/team/finalize", "update  namespaces/finalize in team named team"],
  ["GET /apis/apps/v1/namespaces/team/status", "list apps status in team named "],
  ["GET /api/v1", "get /api/v1"],
  ["GET /apis/apps/v1", "get /apis/apps/v1"],
  ["GET /metrics", "get /metrics"],
  ["POST /", "post /"],
])("%s", (line, expected) => {
  const [method = "", url = ""] = line.split(" ");
  const [path = "", query = ""] = url.split("?");
  const asked = attributesOf({ method, path: path.split("/").filter(Boolean), query: new URLSearchParams(query), user });
  const text =
    "path" in asked
      ? `${asked.verb} ${asked.path}`
      : `${asked.verb} ${asked.group} ${asked.resource} in ${asked.namespace} named ${asked.name}`;
  expect(text).toBe(expected);
});
