import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ApiError } from "@ebb/api/client";
import ConfigProvider from "antd/es/config-provider";
import zhCN from "antd/es/locale/zh_CN";
import enUS from "antd/es/locale/en_US";
import { StrictMode, type ReactNode } from "react";
import { createRoot } from "react-dom/client";
import { redeemCode } from "./api/session.ts";
import { LanguageProvider, useSpeech } from "./i18n/language.tsx";
import { router } from "./shell/router.tsx";
import { AppearanceProvider, useAppearance } from "./theme/appearance.tsx";
import { themeOf } from "./theme/tokens.ts";
import "./styles/index.css";

const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Freshness comes from the platform's events (api/live.ts), not from time.
      staleTime: 60_000,
      retry: (failures, error) => error instanceof ApiError && error.transient && failures < 3,
      // A platform without an answer is asked again until it has one, also where nothing is shown yet.
      refetchInterval: (query) =>
        query.state.status === "error" && query.state.error instanceof ApiError && query.state.error.transient ? 5_000 : false,
    },
  },
});

function DesignProvider({ children }: { children: ReactNode }) {
  const { language } = useSpeech();
  const { shade } = useAppearance();
  return (
    <ConfigProvider
      theme={themeOf(shade)}
      locale={language === "en" ? enUS : zhCN}
      wave={{ disabled: true }}
      button={{ autoInsertSpace: false }}
    >
      {children}
    </ConfigProvider>
  );
}

const element = document.getElementById("root");
if (element === null) throw new Error("index.html has no #root");
await redeemCode();
createRoot(element).render(
  <StrictMode>
    <LanguageProvider>
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
