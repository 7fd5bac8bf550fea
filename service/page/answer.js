// An answer: the verdict, and citations with the evidence marked in their passages.

import { addressOfCitation, isLimited, requestOf, webAddress } from "./addresses.js";
import { copying } from "./copying.js";
import { element, line, marked, trimmed } from "./dom.js";
import { empty } from "./library.js";
import { sent } from "./service.js";
import { why } from "./why.js";

function original({ source, quote }) {
  const address = webAddress(quote) ?? webAddress(source);
  const label = quote ? "Original, at the quote" : "Original";
  return address ? element("a", { href: address, rel: "noopener noreferrer" }, label) : null;
}

function citation(found) {
  const { article, passage, quote } = found;
  const { text, offset } = trimmed(passage);
  const pages = quote.pages.length > 0 ? `page ${quote.pages.join(", ")}` : null;
  const header = quote.table_header?.trim();
  const also = found.also_in.map((other) => other.title);
  return element("li", { class: "card" },
    element("h2", { dir: "auto" }, element("a", { href: addressOfCitation(found) }, article.title)),
    line("about", [article.published, passage.heading, pages, `score ${found.score.toFixed(3)}`, article.source]),
    header && !text.includes(header) ? element("p", { class: "text about", dir: "auto" }, header) : null,
    element("p", { class: "text", dir: "auto" }, ...marked(text, offset, quote, quote.highlight)),
    also.length ? line("about", ["Also in", ...also]) : null,
    original(found.links),
    copying(found),
    found.explain ? why(found.explain, found.score) : null);
}

function verdictOf(answer) {
  const count = answer.citations.length;
  if (answer.verdict !== "answered") return "No answer";
  return `${count} ${count === 1 ? "passage" : "passages"}, best first`;
}

// A word that the library does not have; in each of its languages it may be read as another.
function readAs(word, all) {
  const read = all.filter(({ asked }) => asked === word).map((each) => `“${each.read}”`);
  return `“${word}” is not in the library; read as ${read.join(" or ")}`;
}

// What else there is to say of an answer, in a few words each.
function remarksOn(answer, limits) {
  const answered = answer.verdict === "answered";
  const sure = answer.confidence === null ? "not calibrated" : `confidence ${Math.round(100 * answer.confidence)} %`;
  const silent = Object.entries(answer.retrievers).filter(([, { state }]) => state !== "ok")
    .map(([name, { state }]) => `${name} search: ${state.replaceAll("_", " ")}`);
  const { filtered, as_of: then } = answer;
  return [
    answered || answer.confidence !== null ? sure : null,
    ...silent,
    filtered && isLimited(limits) ? `${filtered.passing} of ${filtered.of} passages pass the filter` : null,
    then ? (then.current ? "nothing has changed since then" : `as known at ${then.moment}`) : null,
    `${answer.took_ms.toFixed(0)} ms`,
  ].filter(Boolean);
}

export async function answerTo(asked) {
  const answer = await sent("/v1/ask", requestOf(asked));
  const near = answer.near_misses;
  const nothing = !answer.filtered?.of && !answer.as_of; // there is no passage at all
  return {
    title: asked.question,
    status: [element("strong", {}, verdictOf(answer)), ` · ${remarksOn(answer, asked.limits).join(" · ")}`],
    content: [
      nothing ? empty() : null,
      ...[...new Set(answer.read_as.map((each) => each.asked))].map((word) =>
        element("p", { class: "about", dir: "auto" }, readAs(word, answer.read_as))),
      answer.reason && !nothing ? element("p", { class: "reason", dir: "auto" }, answer.reason) : null,
      element("ol", {}, ...answer.citations.map(citation)),
      near.length ? element("h2", { class: "near" }, "The nearest passages, which do not answer") : null,
      near.length ? element("ol", { class: "misses" }, ...near.map(citation)) : null,
    ],
  };
}
