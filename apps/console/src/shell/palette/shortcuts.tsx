import Button from "antd/es/button";
import Checkbox from "antd/es/checkbox";
import { useEffect, useRef, useState } from "react";
import { useText } from "../../i18n/language.tsx";
import { PLACES, singleKeys, type PlaceKey } from "./keys.ts";

/** What the keys do. The browser's own dialog keeps the focus inside, closes on Escape, and gives the focus back. */
export function Shortcuts({ find, onClose }: { find: string; onClose: () => void }) {
  const text = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const [on, setOn] = useState(singleKeys.on);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const titles: Record<PlaceKey, string> = {
    a: text.nav.apps,
    d: text.deploy.title,
    o: text.nav.operations,
    v: text.approvals.title,
    t: text.teams.title,
    u: text.usage.title,
    p: text.nav.platform,
  };
  return (
    <dialog ref={dialog} className="palette shortcuts" aria-label={text.keys.title} onClose={onClose}>
      <h2>{text.keys.title}</h2>
      <dl>
        <dt>
          <kbd>{find}</kbd>
        </dt>
        <dd>{text.find.label}</dd>
        <dt>
          <kbd>?</kbd>
        </dt>
        <dd>{text.keys.title}</dd>
        {(Object.keys(PLACES) as PlaceKey[]).map((key) => (
          <div key={key} className="pair">
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>{titles[key]}</dd>
          </div>
        ))}
        <dt>
          <kbd>Esc</kbd>
        </dt>
        <dd>{text.keys.escape}</dd>
      </dl>
      <footer>
        <Checkbox
          checked={on}
          onChange={({ target }) => {
            singleKeys.on = target.checked;
            setOn(target.checked);
          }}
        >
          {text.keys.single}
        </Checkbox>
        <Button onClick={() => dialog.current?.close()}>{text.keys.close}</Button>
      </footer>
    </dialog>
  );
}
