import { useMutation, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import Alert from "antd/es/alert";
import Button from "antd/es/button";
import { client } from "../../api/connection.ts";
import { useText } from "../../i18n/language.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";

/** `ebb login` on some machine asks to be let in: who is it, and is it you? */
export function DevicePage() {
  const text = useText();
  const { code = "" } = useSearch({ from: "/device" });
  const asked = useQuery({ queryKey: ["device", code], queryFn: () => client.deviceAsked(code), retry: false });
  const confirm = useMutation({ mutationFn: () => client.confirmDevice(code) });
  return (
    <Page title={text.device.title}>
      {asked.isError && <ProblemNote error={asked.error} title={text.problem.refused} />}
      {asked.data && !confirm.isSuccess && (
        <>
          <p>{text.device.asks(asked.data.name, asked.data.address)}</p>
          <p>
            {text.device.code} <strong>{code}</strong>
          </p>
          <Alert type="warning" showIcon title={text.device.warning} />
          <div className="form-actions">
            <Button type="primary" loading={confirm.isPending} onClick={() => confirm.mutate()}>
              {text.device.confirm}
            </Button>
          </div>
        </>
      )}
      {confirm.isError && <ProblemNote error={confirm.error} title={text.problem.refused} />}
      {confirm.isSuccess && <Alert type="success" showIcon title={text.device.done} />}
    </Page>
  );
}
