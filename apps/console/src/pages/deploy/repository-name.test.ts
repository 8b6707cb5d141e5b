import { expect, test } from "vitest";
import { nameOfRepository } from "./repository-name.ts";

test.each([
  ["https://github.com/acme/shop", "shop"],
  ["https://github.com/acme/My_Shop.git/", "my-shop"],
  ["git@host:2048.git", ""],
  ["git@host:acme/api.v2.git", "api-v2"],
  ["shop", ""],
  ["", ""],
])("%s suggests %s", (url, name) => expect(nameOfRepository(url)).toBe(name));
