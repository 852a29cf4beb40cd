// Compiles Kaitai Structs: node compile.js [debug/]LANGUAGE FILE... Prints what the compiler complains about, and exits with 1 then.
const compiler = require("kaitai-struct-compiler");
const yaml = require("js-yaml");
const fs = require("fs");

async function main() {
  // With "debug/" before the language, positions are kept.
  const [asked, ...files] = process.argv.slice(2);
  const debug = asked.startsWith("debug/");
  const language = asked.replace("debug/", "");
  let failed = false;
  for (const file of files) {
    try {
      const none = { importYaml: () => Promise.reject(new Error("imports nothing")) };
      const written = await compiler.compile(language, yaml.load(fs.readFileSync(file, "utf8")), none, debug);
      for (const [name, text] of Object.entries(written)) fs.writeFileSync(`${file}.${name.replaceAll("/", "_")}`, text);
    } catch (error) {
      failed = true;
      console.log(`${file}: ${error.message || error}`);
    }
  }
  process.exit(failed ? 1 : 0);
}

main();
