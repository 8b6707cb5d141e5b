import GlobalOutlined from "@ant-design/icons/GlobalOutlined";
import DesktopOutlined from "@ant-design/icons/DesktopOutlined";
import MoonOutlined from "@ant-design/icons/MoonOutlined";
import SunOutlined from "@ant-design/icons/SunOutlined";
import Button from "antd/es/button";
import { useSpeech } from "../i18n/language.tsx";
import { useAppearance, type Appearance } from "../theme/appearance.tsx";

const NEXT: Record<Appearance, Appearance> = { system: "light", light: "dark", dark: "system" };
const ICON: Record<Appearance, typeof SunOutlined> = { system: DesktopOutlined, light: SunOutlined, dark: MoonOutlined };

/** Language and appearance: two buttons, each goes on to its next value. */
export function Preferences() {
  const { language, setLanguage, text } = useSpeech();
  const { appearance, setAppearance } = useAppearance();
  const AppearanceIcon = ICON[appearance];
  const appearanceLabel = `${text.preferences.theme}: ${text.preferences[appearance]}`;
  return (
    <div className="preferences">
      <Button
        type="text"
        icon={<GlobalOutlined />}
        // Each language is named in itself: whoever needs it can read it.
        lang={language === "en" ? "zh-CN" : "en"}
        onClick={() => setLanguage(language === "en" ? "zh-CN" : "en")}
      >
        {language === "en" ? "中文" : "English"}
      </Button>
      <Button
        type="text"
        icon={<AppearanceIcon />}
        aria-label={appearanceLabel}
        title={appearanceLabel}
        onClick={() => setAppearance(NEXT[appearance])}
      />
    </div>
  );
}
