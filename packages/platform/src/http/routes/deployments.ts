import { AppName, Commit, DeployImage, EnvironmentName, Operation, TeamName } from "@ebb/api";
import type { FastifyInstance } from "fastify";
import type { Readable } from "node:stream";
import { Type, type Static } from "typebox";
import { storeUpload } from "../upload.ts";
import { accepted, Flag, type RouteDeps } from "./shapes.ts";

const UploadQuery = Type.Object({
  name: Type.Optional(AppName),
  defaultName: Type.Optional(Type.String({ maxLength: 255 })),
  team: Type.Optional(TeamName),
  environment: Type.Optional(EnvironmentName),
  commit: Type.Optional(Commit),
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
      const { noTraffic, name, defaultName, team, environment, commit } = request.query as Static<typeof UploadQuery>;
      const archive = await storeUpload(request.body as Readable, uploadsRoot, random);
      return accepted(
        reply,
        await api.deploySource({ name, defaultName, team, environment, commit, noTraffic: noTraffic === "true", archive }, request.user),
      );
    },
  );
}
