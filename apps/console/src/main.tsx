import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import ConfigProvider from "antd/es/config-provider";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { queryClient } from "./api/query-client.ts";
import { redeemCode } from "./api/session.ts";
import { begin, LanguageProvider, useSpeech } from "./i18n/language.tsx";
import { router } from "./shell/router.tsx";
import { AppearanceProvider, useAppearance } from "./theme/appearance.tsx";
import { themeOf } from "./theme/tokens.ts";
// Before ours, which say it otherwise in places.
import "virtual:controls.css";
import "./styles/index.css";

function DesignProvider({ children }: { children: ReactNode }) {
  const { locale } = useSpeech();
  const { shade } = useAppearance();
  return (
    <ConfigProvider theme={themeOf(shade)} locale={locale} wave={{ disabled: true }} button={{ autoInsertSpace: false }}>
      {children}
    </ConfigProvider>
  );
}

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");
const beginning = begin();
await redeemCode();
// The page's script is asked for before anything is drawn, not after.
void router.load();
const begun = await beginning;
createRoot(element).render(
  <StrictMode>
    <LanguageProvider begun={begun}>
      <AppearanceProvider>
        <DesignProvider>
          <QueryClientProvider client={queryClient}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </DesignProvider>
      </AppearanceProvider>
    </LanguageProvider>
  </StrictMode>,
);
