import Button, { type ButtonProps } from "antd/es/button";
import { cloneElement, useEffect, useId, useRef, useState, type ReactElement, type ReactNode } from "react";
import { useText } from "../i18n/language.tsx";

interface ConfirmProps {
  title: string;
  description?: ReactNode;
  /** What the button that does it is called. */
  okText: string;
  onConfirm: () => void;
  /** The button that asks. */
  children: ReactElement<ButtonProps>;
}

/** A button that asks before it does something. */
export function Confirm({ children, ...question }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      {cloneElement(children, { onClick: () => setOpen(true), "aria-haspopup": "dialog" })}
      {open && <Question {...question} danger={children.props.danger === true} onClose={() => setOpen(false)} />}
    </>
  );
}

type QuestionProps = Omit<ConfirmProps, "children"> & { danger: boolean; onClose: () => void };

/** The browser's own dialog: it keeps the focus inside, begins at the button that does nothing, closes on Escape, and gives the focus back. */
function Question({ title, description, okText, danger, onConfirm, onClose }: QuestionProps) {
  const text = useText();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const close = () => dialog.current?.close();
  return (
    <dialog
      ref={dialog}
      role="alertdialog"
      className="palette question"
      aria-labelledby={`${id}-title`}
      aria-describedby={description === undefined ? undefined : `${id}-text`}
      onClose={onClose}
    >
      <h2 id={`${id}-title`}>{title}</h2>
      {description !== undefined && <div id={`${id}-text`}>{description}</div>}
      <footer>
        <Button onClick={close}>{text.common.cancel}</Button>
        <Button
          type="primary"
          danger={danger}
          onClick={() => {
            close();
            onConfirm();
          }}
        >
          {okText}
        </Button>
      </footer>
    </dialog>
  );
}
