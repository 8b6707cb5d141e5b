import { defineCommand } from "../command.ts";
import { DATABASE_URL, withDatabase } from "../server/database-url.ts";
import { launchServer } from "../server/launch.ts";
import { StartedServer } from "../server/started.ts";

export const databaseCopyCommand = defineCommand({
  name: "database copy",
  summary: "Moves a platform from SQLite in its data folder to PostgreSQL",
  description: `Everything or nothing: teams, apps, versions, operations with their logs, users, sessions, tokens, secrets, measurements, and the audit trail,
which is verified there. Stop Ebb first (\`ebb down\`), and start it with the same URL afterwards. The database must be new. The file of before stays, as
platform/platform.db.copied.`,
  args: {},
  options: { "database-url": { ...DATABASE_URL, summary: "The PostgreSQL to copy to; EBB_DATABASE_URL otherwise" } },
  uses: "data-folder",
  examples: [{ run: "EBB_DATABASE_URL_FILE=/etc/ebb/database ebb database copy", what: "To the database of that file" }],
  async run(context, { options }) {
    const host = withDatabase(context, options["database-url"]);
    const server = await launchServer(host, context.dataFolder, [], "database-copy");
    const follow = new StartedServer(context, server);
    try {
      await follow.untilEnded();
    } catch (error) {
      if (context.host.interrupted.aborted) await follow.stop();
      throw error;
    }
    context.output.lines(["Start Ebb with the same URL: ebb up"]);
  },
});
