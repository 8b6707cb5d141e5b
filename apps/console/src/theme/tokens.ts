import theme from "antd/es/theme";
import type { ThemeConfig } from "antd/es/config-provider";

export type Shade = "light" | "dark";

const system = [
  "system-ui",
  "-apple-system",
  "'Segoe UI'",
  "Roboto",
  "'Noto Sans'",
  "'PingFang SC'",
  "'Microsoft YaHei'",
  "'Noto Sans CJK SC'",
  "sans-serif",
].join(", ");

/**
 * Ant Design's greys and status colours are too faint for small text; these reach a contrast of 4.5 : 1 (WCAG AA) on both backgrounds.
 * The same values are CSS variables in styles.css, for what is not Ant Design's.
 */
export function themeOf(shade: Shade): ThemeConfig {
  const light = shade === "light";
  return {
    algorithm: light ? theme.defaultAlgorithm : theme.darkAlgorithm,
    token: {
      fontFamily: system,
      colorPrimary: light ? "#0b6b85" : "#2a9db8",
      colorInfo: light ? "#0b6b85" : "#2a9db8",
      colorLink: light ? "#0b6b85" : "#62c4da",
      colorSuccess: light ? "#1a7f37" : "#3fb950",
      colorError: light ? "#c0272d" : "#f2716b",
      colorWarning: light ? "#9a6700" : "#d9a032",
      colorBgLayout: light ? "#f6f8f9" : "#101416",
      colorBgContainer: light ? "#ffffff" : "#171c1f",
      colorBgElevated: light ? "#ffffff" : "#1e2428",
      colorBorder: light ? "#c9d2d6" : "#39434a",
      colorBorderSecondary: light ? "#e3e8ea" : "#283036",
      colorText: light ? "#1b2226" : "#e6eaec",
      colorTextSecondary: light ? "#48545a" : "#b4bfc5",
      colorTextTertiary: light ? "#59656b" : "#9aa7ae",
      colorTextQuaternary: light ? "#667278" : "#8b989f",
      colorTextPlaceholder: light ? "#667278" : "#8b989f",
      colorTextDescription: light ? "#59656b" : "#9aa7ae",
      borderRadius: 6,
      motionDurationMid: "0.12s",
      motionDurationSlow: "0.18s",
    },
    components: {
      // White on the dark theme's primary is 3.2 : 1; near-black on it is 6.5 : 1.
      Button: light ? {} : { primaryColor: "#06181d", dangerColor: "#1d0605" },
      Table: { cellPaddingBlock: 9, headerBg: light ? "#f9fbfb" : "#1b2124", rowHoverBg: light ? "#f5f9fa" : "#1c2327" },
    },
  };
}
