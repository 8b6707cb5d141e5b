import type { DeployImage, Operation } from "@ebb/api";
import { checkVariables } from "../compile/version-config.ts";
import type { DeployRequest } from "../deploy/context.ts";
import { refuse } from "../errors.ts";
import type { SourceUpload } from "../http/port.ts";
import { appName } from "./app-name.ts";
import { scopeOf } from "./facts.ts";
import type { Places } from "./places.ts";
import type { UploadFolder } from "./uploads.ts";

export async function deployImage(places: Places, body: DeployImage, user: string): Promise<Operation> {
  checkVariables(body.env ?? {});
  const { name, noTraffic = false, commit } = body;
  const environment = await places.target(name, body);
  await places.ensure(name, environment);
  const request: DeployRequest = { image: body, noTraffic, ...(commit === undefined ? {} : { commit }) };
  return places.submit("deploy", { ...scopeOf(environment, name), request, user });
}

/** Of an upload that is whole; it is gone when it is refused. */
export async function deploySource(places: Places, uploads: UploadFolder, source: SourceUpload, user: string): Promise<Operation> {
  const { name, defaultName, noTraffic, archive, commit } = source;
  const upload = uploads.idOf(archive);
  try {
    const app = name ?? defaultName;
    if (app === undefined) throw refuse("invalid_request", "A deployment of source needs ?name= or ?defaultName=");
    const label = appName(app);
    const environment = await places.target(label, source);
    if (name !== undefined) await places.ensure(name, environment);
    const request: DeployRequest = {
      source: { upload, defaultName: defaultName ?? app, ...(name === undefined ? {} : { name }) },
      noTraffic,
      ...(commit === undefined ? {} : { commit }),
    };
    return await places.submit("deploy", { ...scopeOf(environment, label), request, user });
  } catch (error) {
    await uploads.remove(upload);
    throw error;
  }
}
