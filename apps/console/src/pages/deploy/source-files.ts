import { ALWAYS_LEFT_OUT, IgnoreRules, MOST_ENTRIES, RULE_FILES } from "@ebb/api/ignore-rules";

export interface FileNode {
  kind: "file";
  name: string;
  file: () => Promise<File>;
}
export interface FolderNode {
  kind: "folder";
  name: string;
  children: () => Promise<SourceNode[]>;
}
export type SourceNode = FileNode | FolderNode;

export interface SourceFile {
  /** Relative to the folder, with slashes. */
  path: string;
  file: File;
}

/** Thrown for more files than any source has. */
export class TooManyFiles extends Error {}

/**
 * What of a folder is sent, as the command line chooses it: not what its ignore files name, nor `.git` and `node_modules`. Folders that are
 * left out are not even read. Names in the order of their code points: the same folder gives the same archive.
 */
export async function chooseSource(root: FolderNode): Promise<SourceFile[]> {
  const top = await root.children();
  const rulesName = top.some(({ kind, name }) => kind === "file" && name === RULE_FILES.own) ? RULE_FILES.own : RULE_FILES.git;
  const rules = new IgnoreRules();
  const chosen: SourceFile[] = [];
  const walk = async (folder: string, nodes: readonly SourceNode[]): Promise<void> => {
    const own = nodes.find((node) => node.kind === "file" && node.name === rulesName);
    if (own?.kind === "file") rules.add(folder, await (await own.file()).text());
    for (const node of nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = folder === "" ? node.name : `${folder}/${node.name}`;
      if (ALWAYS_LEFT_OUT.has(node.name) || rules.ignores(path, node.kind === "folder")) continue;
      if (node.kind === "folder") await walk(path, await node.children());
      else if (chosen.length >= MOST_ENTRIES) throw new TooManyFiles();
      else chosen.push({ path, file: await node.file() });
    }
  };
  await walk("", top);
  return chosen;
}

/** What was dropped, when it is one folder. */
export function droppedFolder(items: DataTransferItemList): FolderNode | null {
  const [item, ...more] = [...items].filter(({ kind }) => kind === "file");
  const entry = item?.webkitGetAsEntry() ?? null;
  return more.length === 0 && entry?.isDirectory === true ? folderOf(entry as FileSystemDirectoryEntry) : null;
}

function folderOf(entry: FileSystemDirectoryEntry): FolderNode {
  return {
    kind: "folder",
    name: entry.name,
    async children() {
      const reader = entry.createReader();
      const all: SourceNode[] = [];
      // Chromium gives a hundred at a time.
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) return all;
        all.push(
          ...some.map((child) => (child.isDirectory ? folderOf(child as FileSystemDirectoryEntry) : fileOf(child as FileSystemFileEntry))),
        );
      }
    },
  };
}

function fileOf(entry: FileSystemFileEntry): FileNode {
  return { kind: "file", name: entry.name, file: () => new Promise((resolve, reject) => entry.file(resolve, reject)) };
}

/** What a file picker for folders gives, a flat list of `folder/path/name`, as the folder that it was. */
export function pickedFolder(files: readonly File[]): FolderNode | null {
  const root = treeOf(files.map((file) => ({ path: file.webkitRelativePath.split("/"), file })));
  const [only] = root;
  return only?.kind === "folder" ? only : null;
}

function treeOf(files: readonly { path: readonly string[]; file: File }[]): SourceNode[] {
  return [...Map.groupBy(files, ({ path }) => path[0] ?? "")].map(([name, some]): SourceNode => {
    const [{ path, file } = { path: [], file: undefined }] = some;
    if (path.length === 1 && file !== undefined) return { kind: "file", name, file: () => Promise.resolve(file) };
    const below = some.map((one) => ({ path: one.path.slice(1), file: one.file }));
    return { kind: "folder", name, children: () => Promise.resolve(treeOf(below)) };
  });
}
