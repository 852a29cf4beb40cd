// Promise: a page of the program works in a browser. Loads it narrow and wide, light and dark, with and without script, and uses it with
// the keyboard. Usage: node look.mjs CHROMIUM PAGE.html [FOLDER], where FOLDER gets a picture of each. Says what is wrong, and fails.
import { writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { open } from "./browser.mjs";

/** Height of a picture in pixels. */
const PIECE = 1600;

const [program, file, folder] = process.argv.slice(2);
const url = pathToFileURL(resolve(file)).href;
const { page, listen, close } = await open(program);
const problems = [];
const check = (holds, what) => { if (!holds) problems.push(what); };

let requests = [];
let loaded = () => {};
listen((method, params) => {
  if (method === "Network.requestWillBeSent" && !params.request.url.startsWith("data:image/svg+xml,")) requests.push(params.request.url);
  if (method === "Log.entryAdded") problems.push(`console: ${params.entry.text}`);
  if (method === "Runtime.consoleAPICalled") problems.push(`console: ${JSON.stringify(params.args)}`);
  if (method === "Runtime.exceptionThrown") problems.push(`exception: ${params.exceptionDetails.text}`);
  if (method === "Page.loadEventFired") loaded();
});

/** The value of an expression in the page. */
async function value(expression) {
  const { result, exceptionDetails } = await page("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
  if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
  return result.value;
}

async function press(key, code, text) {
  await page("Input.dispatchKeyEvent", { type: text ? "keyDown" : "rawKeyDown", key, code: key, windowsVirtualKeyCode: code, text });
  await page("Input.dispatchKeyEvent", { type: "keyUp", key, code: key, windowsVirtualKeyCode: code });
}
const space = () => press(" ", 32, " ");
const enter = () => press("Enter", 13, "\r");

async function load(width, scheme, script) {
  requests = [];
  await page("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: false });
  await page("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  await page("Emulation.setScriptExecutionDisabled", { value: !script });
  const done = new Promise((resolve) => { loaded = resolve; });
  await page("Page.navigate", { url });
  await done;
}

/** What must hold of any page, whoever looks. */
async function structure(where) {
  check(requests.length === 1 && requests[0] === url, `${where}: requests: ${requests}`);
  check(await value("document.documentElement.scrollWidth <= innerWidth"), `${where}: wider than the window`);
  check(await value("document.scripts.length") === 1, `${where}: scripts`);
  check(await value("document.styleSheets.length") === 1, `${where}: the style sheet is not obeyed`);
  const bad = `Array.from(document.querySelectorAll("*"), (e) => e.getAttributeNames().filter((n) => n.startsWith("on") || n === "style" || n === "src" || n === "action").map((n) => e.tagName + " " + n)).flat().join()`;
  check(await value(bad) === "", `${where}: attributes ${await value(bad)}`);
  const foreign = `Array.from(document.querySelectorAll("img,iframe,object,embed,form,base,link,video,audio,template,foreignObject"), (e) => e.tagName).join()`;
  check(await value(foreign) === "", `${where}: elements ${await value(foreign)}`);
  const ids = `(() => { const ids = Array.from(document.querySelectorAll("[id]"), (e) => e.id); return ids.filter((id, at) => ids.indexOf(id) !== at).join(); })()`;
  check(await value(ids) === "", `${where}: ids used twice: ${await value(ids)}`);
  const named = `Array.from(document.querySelectorAll("[aria-labelledby],[aria-describedby]"), (e) => e.getAttribute("aria-labelledby") || e.getAttribute("aria-describedby")).filter((id) => !document.getElementById(id)).join()`;
  check(await value(named) === "", `${where}: names that are nowhere: ${await value(named)}`);
  const dead = `Array.from(document.querySelectorAll("a[href]"), (e) => e.getAttribute("href")).filter((href) => !href.startsWith("#") || !document.getElementById(href.slice(1))).slice(0, 5).join()`;
  check(await value(dead) === "", `${where}: links that lead nowhere: ${await value(dead)}`);
  const jumps = `(() => { let before = 0; const bad = []; for (const h of document.querySelectorAll("h1,h2,h3,h4,h5,h6")) { const n = Number(h.tagName[1]); if (n > before + 1) bad.push(h.textContent); before = n; } return bad.join(); })()`;
  check(await value(jumps) === "", `${where}: headings leave out a level at ${await value(jumps)}`);
  check(await value(`document.querySelectorAll("main,header.top,footer,nav,aside").length`) === 5 && await value("document.documentElement.lang") === "en", `${where}: landmarks`);
}

/** The role boxes are ticked off by keyboard: what they stand for must look like all other text. */
async function toggles(where) {
  for (const [role, letter] of [["control", "c"], ["keyword", "k"], ["data", "d"]]) {
    const look = `(() => { const e = document.querySelector(".h .${letter}"); if (!e) return null; const s = getComputedStyle(e); return [s.color, s.backgroundColor, s.fontWeight, s.textDecorationLine, s.backgroundImage].join("|"); })()`;
    const before = await value(look);
    if (before === null) continue;
    await value(`document.getElementById("show-${role}").focus()`);
    await space();
    const after = await value(look);
    const plain = await value(`getComputedStyle(document.querySelector(".x")).color`);
    check(after !== before && after.startsWith(`${plain}|rgba(0, 0, 0, 0)`) && after.endsWith("none"), `${where}: ${role} off: ${before} → ${after}`);
    await space();
    check(await value(look) === before, `${where}: ${role} on again`);
  }
}

/** Details open and close by keyboard. */
async function details(where) {
  const state = `document.querySelector(".phase").open`;
  const before = await value(state);
  await value(`document.querySelector(".phase > summary").focus()`);
  await enter();
  check(await value(state) === !before, `${where}: details do not obey Enter`);
  await space();
  check(await value(state) === before, `${where}: details do not obey Space`);
}

/** The tools find messages. */
async function tools(where) {
  check(await value("!document.getElementById('tools').hidden"), `${where}: the script does not run`);
  await value(`document.querySelector("#tools input").focus()`);
  await page("Input.insertText", { text: "no message says this" });
  await value("new Promise((resolve) => setTimeout(resolve, 300))");
  check(await value(`document.querySelector("#tools output").value`) === "0 found", `${where}: search finds nothing where nothing is`);
  check(await value(`document.querySelectorAll(".m:not([hidden])").length`) === 0, `${where}: messages that were not found are shown`);
  await value(`(() => { const s = document.querySelector("#tools input"); s.value = ""; s.dispatchEvent(new Event("input")); return new Promise((resolve) => setTimeout(resolve, 300)); })()`);
  check(await value(`document.querySelectorAll(".m[hidden]").length`) === 0, `${where}: messages stay hidden`);
  check(await value(`document.querySelector(".f").getAttribute("role")`) === "button", `${where}: filters cannot be copied`);
}

/** Pictures of the page, piece by piece, for people to look at. */
async function picture(name) {
  if (!folder) return;
  await value(`document.activeElement.blur(); document.querySelectorAll(".phase").forEach((e, at) => { e.open = at < 8; }); scrollTo(0, 0)`);
  const [width, height] = await value("[innerWidth, document.documentElement.scrollHeight]");
  for (let piece = 0; piece < 6 && piece * PIECE < height; piece += 1) {
    const clip = { x: 0, y: piece * PIECE, width, height: Math.min(PIECE, height - piece * PIECE), scale: 1 };
    const { data } = await page("Page.captureScreenshot", { format: "png", captureBeyondViewport: true, clip });
    writeFileSync(join(folder, `${basename(file, ".html")}-${name}-${piece + 1}.png`), Buffer.from(data, "base64"));
  }
}

try {
  for (const domain of ["Page", "Network", "Log", "Runtime"]) await page(`${domain}.enable`);
  for (const width of [400, 1400]) {
    for (const scheme of ["light", "dark"]) {
      for (const script of [true, false]) {
        const where = `${width} px, ${scheme}, ${script ? "script" : "no script"}`;
        await load(width, scheme, script);
        await press("Tab", 9);
        check(await value("document.activeElement.className") === "skip", `${where}: the first stop is no skip link`);
        await structure(where);
        if (await value(`document.querySelector(".phase") !== null`)) {
          await toggles(where);
          await details(where);
          if (script) await tools(where);
        }
        if (script) await picture(`${width}-${scheme}`);
      }
    }
  }
  const grounds = [];
  for (const scheme of ["light", "dark"]) {
    await load(1400, scheme, true);
    grounds.push(await value("getComputedStyle(document.body).backgroundColor"));
  }
  check(grounds[0] !== grounds[1], `light and dark have one ground: ${grounds}`);
} finally {
  await close();
}
problems.forEach((problem) => console.log(problem.slice(0, 400)));
process.exitCode = problems.length ? 1 : 0;
