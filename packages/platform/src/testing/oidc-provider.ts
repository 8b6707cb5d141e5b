import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";
import { onTestFinished } from "vitest";

export interface TestProvider {
  issuer: string;
  /** What it says of its users, by subject: changed by the test between sign-ins. */
  people: Map<string, Record<string, unknown>>;
  /** Signs in there as `subject` and gives the address that it sends the browser back to. */
  signIn(start: string, subject: string): Promise<string>;
}

/** A certified OpenID provider of the test's own on a free port; whoever asks signs in without a password. */
export async function startOidcProvider(clientId: string, secret: string, redirectUri: string): Promise<TestProvider> {
  const people = new Map<string, Record<string, unknown>>();
  let handler: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined;
  const server = createServer((request, response) => void handler?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: secret, redirect_uris: [redirectUri], grant_types: ["authorization_code"] }],
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email"] },
    pkce: { required: () => true },
    cookies: { keys: ["test"] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  });
  const callback = provider.callback();
  let subject = "";
  handler = async (request, response) => {
    if (!request.url?.startsWith("/interaction/")) return callback(request, response);
    // What a person does on the provider's pages: signs in, and consents.
    const { params, session } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: session?.accountId ?? subject, clientId: String(params["client_id"]) });
    grant.addOIDCScope(String(params["scope"]));
    const result = { login: { accountId: subject }, consent: { grantId: await grant.save() } };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  };
  return {
    issuer,
    people,
    async signIn(start, as) {
      subject = as;
      const jar = new Map<string, string>();
      let at = start;
      while (at.startsWith(issuer)) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(at, { redirect: "manual", headers: { cookie } });
        for (const line of answer.headers.getSetCookie()) {
          const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          jar.set(name, value);
        }
        const location = answer.headers.get("location");
        if (location === null) throw new Error(`${answer.status} at ${at}: ${(await answer.text()).slice(0, 500)}`);
        at = new URL(location, at).href;
      }
      return at;
    },
  };
}
