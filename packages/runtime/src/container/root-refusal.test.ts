import { expect, test } from "vitest";
import { rootRefusal } from "./root-refusal.ts";

test.each<[string, number | undefined, string, string | undefined]>([
  ["a user that was asked for", 1000, "", undefined],
  ["root that was asked for", 0, "1000", "container's runAsUser breaks non-root policy"],
  ["an image with a user", undefined, "65532:65532", undefined],
  ["an image that says nothing is root's", undefined, "", "container has runAsNonRoot and image will run as root"],
  ["an image of root's", undefined, "0:1000", "container has runAsNonRoot and image will run as root"],
  ["a name", undefined, "app", "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root"],
])("%s", (_, user, imageUser, expected) => expect(rootRefusal(user, imageUser)).toBe(expected));
