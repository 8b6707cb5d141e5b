import type { Domain, Place } from "@ebb/api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import { client } from "../../../api/connection.ts";
import { domainsQuery } from "../../../api/domain-queries.ts";
import { useRights } from "../../../api/team-queries.ts";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { Address } from "../../../ui/copy.tsx";
import { Refused } from "../../../ui/refused.tsx";
import { ToneDot } from "../../../ui/state.tsx";
import { TypedConfirm } from "../../../ui/typed-confirm.tsx";
import { useNow } from "../../../ui/use-now.ts";
import { AcceptDomain } from "./accept-domain.tsx";
import { CertificatePart } from "./certificate-part.tsx";
import { NextStep } from "./next-step.tsx";
import { toneOf } from "./tone.ts";

interface DomainCardProps {
  place: Place;
  domain: Domain;
  mayChange: boolean;
}

/** What may be done with a domain; each answers with how it is then. */
export type DomainAct =
  | { verify: true }
  | { renew: true }
  | { automatic: true }
  | { redirect: boolean }
  | { certificate: string; key: string };

function perform(place: Place, name: string, act: DomainAct): Promise<Domain> {
  if ("verify" in act) return client.verifyDomain(place, name);
  if ("renew" in act) return client.renewDomain(place, name);
  if ("automatic" in act) return client.patchDomain(place, name, { certificate: "acme" });
  if ("redirect" in act) return client.patchDomain(place, name, act);
  return client.uploadCertificate(place, name, act);
}

/** A domain: its state, what it waits for, its certificate, and its removal. */
export function DomainCard({ place, domain, mayChange }: DomainCardProps) {
  const text = useText();
  const format = useFormat();
  const now = useNow(20_000);
  const queryClient = useQueryClient();
  const { platformAdmin } = useRights("");
  const { name, displayName, state, url, verification } = domain;
  const act = useMutation({
    mutationFn: (what: DomainAct) => perform(place, name, what),
    onSettled: () => queryClient.invalidateQueries(domainsQuery(place)),
  });
  return (
    <article className="domain" aria-label={displayName}>
      <header>
        <span className="state">
          <ToneDot tone={toneOf(domain)} />
          {text.domains.states[state]}
        </span>
        <h3>{state === "live" ? <Address url={url} label={displayName} /> : displayName}</h3>
        {verification.verifiedAt !== null && verification.by !== null && (
          <span className="faint">{text.domains.verified(text.domains.by[verification.by], format.ago(verification.verifiedAt, now))}</span>
        )}
        {mayChange && domain.problem !== null && (state !== "live" || domain.problem.retryAt !== null) && (
          <Button
            size="small"
            className="row-action"
            loading={act.isPending && "verify" in act.variables}
            onClick={() => act.mutate({ verify: true })}
          >
            {text.domains.lookNow}
          </Button>
        )}
      </header>
      <NextStep domain={domain} />
      {platformAdmin && verification.verifiedAt === null && <AcceptDomain place={place} domain={domain} />}
      <Refused of={act} />
      <CertificatePart domain={domain} mayChange={mayChange} busy={act.isPending} onAct={act.mutate} />
      {mayChange && domain.certificateMode !== "none" && (
        <Checkbox checked={domain.redirect} disabled={act.isPending} onChange={(event) => act.mutate({ redirect: event.target.checked })}>
          {text.domains.redirect}
        </Checkbox>
      )}
      {mayChange && <Removal place={place} domain={domain} />}
    </article>
  );
}

function Removal({ place, domain: { name, displayName } }: { place: Place; domain: Domain }) {
  const text = useText();
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => client.removeDomain(place, name),
    onSettled: () => queryClient.invalidateQueries(domainsQuery(place)),
  });
  return (
    <details>
      <summary>{text.domains.remove}</summary>
      <p>{text.domains.removeText(displayName)}</p>
      <TypedConfirm name={displayName} label={text.domains.removeType(displayName)} onConfirm={() => remove.mutate()}>
        {(ready) => (
          <Button type="primary" danger htmlType="submit" disabled={!ready} loading={remove.isPending}>
            {text.domains.remove}
          </Button>
        )}
      </TypedConfirm>
      <Refused of={remove} />
    </details>
  );
}
