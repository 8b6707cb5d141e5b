import "react";

declare module "react" {
  interface InputHTMLAttributes<T> {
    /** Chooses a folder in place of a file; every browser has it, React's types do not. */
    webkitdirectory?: "";
  }
}
