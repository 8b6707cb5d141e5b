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
 * The same values are CSS variables in styles/base.css, for what is not Ant Design's.
 */
export function themeOf(shade: Shade): ThemeConfig {
  const light = shade === "light";
  return {
    // Styles are a file (scripts/controls-css.ts); only the values of their variables are made here.
    zeroRuntime: true,
    hashed: false,
    algorithm: light ? theme.defaultAlgorithm : theme.darkAlgorithm,
    token: {
      fontFamily: system,
      colorPrimary: light ? "#0b6b85" : "#35b0cc",
      colorInfo: light ? "#0b6b85" : "#35b0cc",
      colorLink: light ? "#0b6b85" : "#62c4da",
      colorSuccess: light ? "#1a7f37" : "#3fb950",
      colorError: light ? "#c0272d" : "#f2716b",
      colorWarning: light ? "#9a6700" : "#d9a032",
      // Derived ones would be muddy: these colours are darker than Ant Design expects.
      colorSuccessBg: light ? "#eef8f0" : "#14241a",
      colorSuccessBorder: light ? "#b5dcc0" : "#25512f",
      colorErrorBg: light ? "#fdf1f0" : "#2a1716",
      colorErrorBorder: light ? "#efc4c2" : "#6b2c29",
      colorWarningBg: light ? "#fdf7e8" : "#261e10",
      colorWarningBorder: light ? "#ead7a4" : "#5c481c",
      colorInfoBg: light ? "#edf6f8" : "#12242a",
      colorInfoBorder: light ? "#b4d8e1" : "#234d59",
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
      // White on the dark theme's primary is too faint (2.9 : 1).
      Button: light ? {} : { primaryColor: "#06181d", dangerColor: "#1d0605" },
    },
  };
}
