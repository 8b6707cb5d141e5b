import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Changes the text of what is stored of the objects of a name, as an older Ebb may have written it. The server must have been stopped. */
export function editStored(folder: string, name: string, edit: (text: string) => string): void {
  const database = new DatabaseSync(join(folder, "store.db"));
  const update = database.prepare("UPDATE revisions SET value = ? WHERE revision = ?");
  for (const { revision, value } of database.prepare("SELECT revision, value FROM revisions WHERE name = ?").all(name))
    update.run(edit(String(value)), Number(revision));
  database.close();
}
