// A citation to take along: as Markdown, as JSON (which `citewell verify` takes), as a link to this page.

import { addressOfCitation } from "./addresses.js";
import { button, element } from "./dom.js";

function link(found) {
  return new URL(addressOfCitation(found), location.origin).href;
}

function plain(text) {
  return text.replace(/\s+/g, " ").replace(/[\\`*_[\]<>#|~&]/g, "\\$&");
}

function markdown(found) {
  const { article, quote, links } = found;
  const address = (links.quote ?? links.source ?? link(found)).replace(/[<>\s]/g, encodeURIComponent);
  const pages = quote.pages.length > 0 ? `p. ${quote.pages.join(", ")}` : null;
  const from = [`[${plain(article.title)}](<${address}>)`, article.published, pages].filter(Boolean).join(", ");
  return [...quote.text.split("\n"), "", from].map((said) => `> ${said}`.trimEnd()).join("\n") + "\n";
}

function json({ explain, ...citation }) {
  return JSON.stringify(citation, null, 2) + "\n";
}

// Browsers let a page write to the clipboard on localhost and over HTTPS only; elsewhere it is there to be copied by hand.
async function copy(text, tools) {
  const said = tools.querySelector("[role=status]");
  tools.querySelector("textarea")?.remove();
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = "Copied";
  } catch {
    const shown = element("textarea", { readonly: "", rows: "6", "aria-label": "Citation" }, text);
    tools.append(shown);
    shown.select();
    said.textContent = "Copy it from here:";
  }
}

export function copying(found) {
  const tools = element("div", { class: "tools", role: "group", "aria-label": "Copy this citation" });
  const kinds = { Markdown: markdown, JSON: json, Link: link };
  tools.append("Copy", ...Object.entries(kinds).map(([label, of]) => button(label, () => copy(of(found), tools))),
    element("span", { role: "status" }));
  return tools;
}
