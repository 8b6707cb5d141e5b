import { sayings } from "@ebb/base";

/** What is said while a source becomes an artifact. */
export const say = sayings({
  "clone.fetching": "Fetching {ref} of {url}",
  "unpack.unpacking": "Unpacking the source",
  "detect.looking": "Looking at {count} files",
  "detect.site": "A static site, by {by}",
  "detect.image": "An image, by {by}",
  "detect.application": "An application ({language}), by {by}",
  "package.storing": "Storing the result",
  "build.dockerfile": "Building {file}",
});
