import { createClient, type Client } from "@ebb/api/client";
import type { MemberRole } from "@ebb/api";

export interface Member {
  name: string;
  client: Client;
  token: string;
}

/** A new user of the default team who has taken the invitation, and acts with a token of their own. */
export async function joinTeam(admin: Client, platform: string, { name, role }: { name: string; role: MemberRole }): Promise<Member> {
  const { code } = await admin.createUser({ name });
  await admin.setMember("default", name, role);
  let cookie = "";
  const browser = createClient({
    baseUrl: platform,
    headers: { origin: new URL(platform).origin },
    async fetch(url, init) {
      const headers = { ...(init.headers as Record<string, string>), ...(cookie === "" ? {} : { cookie }) };
      const response = await fetch(url, { ...init, headers });
      cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
      return response;
    },
  });
  await browser.acceptInvite({ code, password: "tide goes out slowly" });
  const { token } = await browser.createToken({ name: "laptop", scope: "admin", days: 1 });
  return { name, token, client: createClient({ baseUrl: platform, token }) };
}
