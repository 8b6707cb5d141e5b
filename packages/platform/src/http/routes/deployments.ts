import { AppName, DeployImage, Operation } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import type { Readable } from "node:stream";
import { Type, type Static } from "typebox";
import { storeUpload } from "../upload.ts";
import { accepted, Flag, type RouteDeps } from "./shapes.ts";

const UploadQuery = Type.Object({
  name: Type.Optional(AppName),
  defaultName: Type.Optional(Type.String({ maxLength: 255 })),
  noTraffic: Type.Optional(Flag),
});

/** New code: an uploaded archive or an image. */
export function registerDeploymentRoutes(server: FastifyInstance, { api, uploadsRoot, random }: RouteDeps): void {
  server.post(
    "/deployments",
    {
      config: { access: { environment: "deploy" } },
      schema: {
        summary: "Deploy source (application/gzip, a tar) or an image (application/json)",
        querystring: UploadQuery,
        body: { content: { "application/json": { schema: DeployImage }, "application/gzip": { schema: {} } } },
        response: { 202: Operation },
      },
    },
    async (request, reply) => {
      if (request.headers["content-type"]?.startsWith("application/json")) {
        return accepted(reply, await api.deployImage(request.body as DeployImage, request.user));
      }
      const { name, defaultName, noTraffic } = request.query as Static<typeof UploadQuery>;
      const archive = await storeUpload(request.body as Readable, uploadsRoot, random);
      return accepted(reply, await api.deploySource({ name, defaultName, noTraffic: noTraffic === "true", archive }, request.user));
    },
  );
}
