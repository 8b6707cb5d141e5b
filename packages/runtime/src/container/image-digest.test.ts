import { expect, test } from "vitest";
import { digestIn, repositoryOf } from "./image-digest.ts";

const D = `sha256:${"a".repeat(64)}`;

test.each<[string, string[], string | undefined]>([
  ["shop:v1", [`docker.io/library/shop@${D}`], `shop@${D}`],
  ["shop", [`shop@${D}`], `shop@${D}`],
  ["team/shop:v1", [`docker.io/team/shop@${D}`], `team/shop@${D}`],
  ["index.docker.io/team/shop", [`docker.io/team/shop@${D}`], `index.docker.io/team/shop@${D}`],
  ["localhost:5000/shop:v1", [`other/shop@${D}`, `localhost:5000/shop@${D}`], `localhost:5000/shop@${D}`],
  ["localhost/shop:v1", [`localhost/shop@${D}`], `localhost/shop@${D}`],
  ["shop:v1", [], undefined],
  ["shop:v1", [`docker.io/other/shop@${D}`], undefined],
  ["shop:v1", ["<none>@<none>"], undefined],
])("%s among %j", (reference, known, expected) => expect(digestIn(reference, known)).toBe(expected));

test.each([
  ["a/b", "a/b"],
  ["a/b:v1", "a/b"],
  ["host:5000/a/b", "host:5000/a/b"],
  [`host:5000/a/b:v1@${D}`, "host:5000/a/b"],
])("the repository of %s", (reference, repository) => expect(repositoryOf(reference)).toBe(repository));
