"use strict";
// Searching, opening and copying. Everything can be read without it.
(() => {
  const make = (name, text) => {
    const element = document.createElement(name);
    element.textContent = text || "";
    return element;
  };
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const tools = document.getElementById("tools");

  const search = make("input");
  search.type = "search";
  search.placeholder = "Search messages";
  search.setAttribute("aria-label", "Search messages");
  const found = make("output");
  const open = make("button", "Open all");
  const close = make("button", "Close all");
  for (const button of [open, close]) {
    button.type = "button";
  }
  tools.append(found, search, open, close);
  tools.hidden = false;

  open.addEventListener("click", () => all("details").forEach((details) => { details.open = true; }));
  close.addEventListener("click", () => all("details").forEach((details) => { details.open = false; }));

  // The texts of all messages, made when they are first looked for.
  let messages = null;
  const read = () => all(".m").map((element) => {
    const parts = [".bar", "p"].map((selector) => element.querySelector(selector).textContent);
    const rows = Array.from(element.querySelectorAll(".t"), (row) => row.textContent);
    return { element, text: (parts.join(" ") + " " + rows.join("")).toLowerCase() };
  });
  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    messages = messages || read();
    let count = 0;
    for (const { element, text } of messages) {
      const hit = text.includes(wanted);
      element.hidden = !hit;
      if (hit && wanted) {
        count += 1;
        element.closest("details").open = true;
      }
    }
    found.value = wanted ? count + " found" : "";
  };
  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 150);
  });

  const select = (element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  };
  const copy = (element) => {
    select(element);
    if (navigator.clipboard) {
      navigator.clipboard.writeText(element.textContent).then(() => { found.value = "copied"; }, () => {});
    }
  };
  for (const element of all(".f")) {
    element.tabIndex = 0;
    element.setAttribute("role", "button");
    element.title = "Copy this filter for Wireshark";
  }
  document.addEventListener("click", (event) => {
    if (event.target.classList.contains("f")) {
      copy(event.target);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.classList.contains("f") && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      copy(event.target);
    }
  });
})();
