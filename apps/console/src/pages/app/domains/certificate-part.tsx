import type { Domain, DomainCertificate } from "@ebb/api";
import Button from "antd/es/button";
import Input from "antd/es/input";
import { useId, useState } from "react";
import { useFormat, useText } from "../../../i18n/language.tsx";
import { useNow } from "../../../ui/use-now.ts";
import type { DomainAct } from "./domain-card.tsx";
import { DomainFacts } from "./domain-facts.tsx";

interface CertificatePartProps {
  domain: Domain;
  mayChange: boolean;
  busy: boolean;
  onAct: (act: DomainAct) => void;
}

/** The certificate that a domain has, and how it comes by another. */
export function CertificatePart({ domain, mayChange, busy, onAct }: CertificatePartProps) {
  const text = useText();
  const { certificate, certificateMode, verification } = domain;
  const renews = certificateMode === "acme";
  return (
    <>
      {certificate && <CertificateFacts certificate={certificate} />}
      {certificateMode === "none" && <p className="faint">{text.domains.plain}</p>}
      {mayChange && verification.verifiedAt !== null && (!renews || certificate) && (
        <div>
          <Button size="small" disabled={busy} onClick={() => onAct(renews ? { renew: true } : { automatic: true })}>
            {renews ? text.domains.renew : text.domains.automatic}
          </Button>
        </div>
      )}
      {mayChange && <Upload key={certificate?.fingerprint ?? ""} busy={busy} onAct={onAct} />}
    </>
  );
}

function CertificateFacts({ certificate }: { certificate: DomainCertificate }) {
  const text = useText();
  const format = useFormat();
  const now = useNow(60_000);
  const { source, issuer, notAfter, renewsAt, serving } = certificate;
  return (
    <>
      <DomainFacts
        facts={[
          [text.domains.certificate, text.domains.sources[source]],
          [text.domains.issuer, issuer],
          [text.domains.until, `${format.dateTime(notAfter)} (${format.ago(notAfter, now)})`],
          ...(renewsAt === null ? [] : [[text.domains.renews, format.ago(renewsAt, now)] as const]),
        ]}
      />
      {!serving && <p className="warn">{text.domains.notServing}</p>}
    </>
  );
}

/** The key stays in this form until it is sent, and nowhere afterwards. */
function Upload({ busy, onAct }: Pick<CertificatePartProps, "busy" | "onAct">) {
  const text = useText();
  const id = useId();
  const [certificate, setCertificate] = useState("");
  const [key, setKey] = useState("");
  const ready = certificate.includes("BEGIN CERTIFICATE") && key.includes("PRIVATE KEY");
  return (
    <details>
      <summary>{text.domains.upload}</summary>
      <form
        className="fields"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onAct({ certificate, key });
        }}
      >
        <p className="faint">{text.domains.uploadHelp}</p>
        <label htmlFor={`${id}-certificate`}>{text.domains.pemCertificate}</label>
        <Input.TextArea
          id={`${id}-certificate`}
          className="pem"
          rows={4}
          value={certificate}
          spellCheck={false}
          placeholder="-----BEGIN CERTIFICATE-----"
          onChange={(event) => setCertificate(event.target.value)}
        />
        <label htmlFor={`${id}-key`}>{text.domains.pemKey}</label>
        <Input.TextArea
          id={`${id}-key`}
          className="pem"
          rows={4}
          value={key}
          spellCheck={false}
          autoComplete="off"
          placeholder="-----BEGIN PRIVATE KEY-----"
          onChange={(event) => setKey(event.target.value)}
        />
        <Button htmlType="submit" disabled={!ready} loading={busy}>
          {text.domains.use}
        </Button>
      </form>
    </details>
  );
}
