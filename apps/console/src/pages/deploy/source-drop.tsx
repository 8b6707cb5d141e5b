import FolderOpenOutlined from "@ant-design/icons/FolderOpenOutlined";
import InboxOutlined from "@ant-design/icons/InboxOutlined";
import Button from "antd/es/button";
import { useRef, useState, type DragEvent } from "react";
import { useFormat, useText } from "../../i18n/language.tsx";
import { chooseSource, droppedFolder, pickedFolder, TooManyFiles, type FolderNode, type SourceFile } from "./source-files.ts";

export type Source = { kind: "archive"; file: File } | { kind: "folder"; name: string; files: SourceFile[]; bytes: number };
type Trouble = "notTarGz" | "nothingLeft" | "tooMany" | "unreadable";

const GZIP_MAGIC = [0x1f, 0x8b];

/** By its first bytes, as names lie. */
async function isGzip(file: File): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
}

/** Where a folder or an archive is dropped, or chosen; says what of it will be sent. */
export function SourceDrop({ source, onChange }: { source: Source | null; onChange: (source: Source | null) => void }) {
  const text = useText();
  const folders = useRef<HTMLInputElement>(null);
  const archives = useRef<HTMLInputElement>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [reading, setReading] = useState(false);
  const [over, setOver] = useState(false);

  const take = async (find: () => Promise<Source | Trouble>) => {
    setReading(true);
    const found = await find().catch((error: unknown): Trouble => (error instanceof TooManyFiles ? "tooMany" : "unreadable"));
    setReading(false);
    setTrouble(typeof found === "string" ? found : null);
    onChange(typeof found === "string" ? null : found);
  };
  const takeFolder = (folder: FolderNode) =>
    take(async () => {
      const files = await chooseSource(folder);
      const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
      return files.length === 0 ? "nothingLeft" : { kind: "folder", name: folder.name, files, bytes };
    });
  const takeArchive = (file: File) => take(async () => ((await isGzip(file)) ? { kind: "archive", file } : "notTarGz"));
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    // The items are gone once this event is over: what they are is asked now.
    const folder = droppedFolder(event.dataTransfer.items);
    const [file] = event.dataTransfer.files;
    if (folder) void takeFolder(folder);
    else if (file) void takeArchive(file);
  };
  return (
    <div
      className={over ? "drop drop-over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        ref={folders}
        type="file"
        hidden
        webkitdirectory=""
        onChange={(event) => {
          const folder = pickedFolder([...(event.target.files ?? [])]);
          if (folder) void takeFolder(folder);
        }}
      />
      <input
        ref={archives}
        type="file"
        hidden
        accept=".gz,.tgz,application/gzip"
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          if (file) void takeArchive(file);
        }}
      />
      <Button icon={<FolderOpenOutlined />} onClick={() => folders.current?.click()}>
        {text.deploy.chooseFolder}
      </Button>
      <Button icon={<InboxOutlined />} onClick={() => archives.current?.click()}>
        {text.deploy.choose}
      </Button>
      <Chosen source={source} reading={reading} />
      {trouble !== null && (
        <span className="bad-text" role="alert">
          {text.deploy.troubles[trouble]}
        </span>
      )}
    </div>
  );
}

function Chosen({ source, reading }: { source: Source | null; reading: boolean }) {
  const text = useText();
  const format = useFormat();
  const words = reading
    ? text.deploy.reading
    : source === null
      ? text.deploy.drop
      : source.kind === "archive"
        ? text.deploy.chosen(source.file.name, format.bytes(source.file.size))
        : text.deploy.chosenFolder(source.name, format.number(source.files.length), format.bytes(source.bytes));
  return (
    <span className={source === null ? "faint" : ""} role="status">
      {words}
    </span>
  );
}
