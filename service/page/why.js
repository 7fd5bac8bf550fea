// Why a passage has its score: a bar for each part, and the words of the question that it holds.

import { element } from "./dom.js";

const PARTS = { lexical: "Words", passage: "Meaning: passage", sentence: "Meaning: sentence", reranker: "Read together" };
const SVG = "http://www.w3.org/2000/svg";

function rectangle(kind, width) {
  const made = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({ class: kind, width: 100 * width, height: 8 })) made.setAttribute(key, value);
  return made;
}

function bar(value, most) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("viewBox", "0 0 100 8");
  made.setAttribute("preserveAspectRatio", "none");
  made.setAttribute("aria-hidden", "true");
  made.append(rectangle("most", most), rectangle("part", Math.min(most, Math.max(0, value))));
  return made;
}

function row(label, value, most) {
  const said = value === null ? ["silent"] : [value.toFixed(3), element("span", { class: "of" }, ` of ${most.toFixed(3)}`)];
  return element("tr", {},
    element("th", { scope: "row" }, label),
    element("td", { class: "bar" }, value === null ? null : bar(value, most)),
    element("td", { class: "number" }, ...said));
}

function ranked(name, rank) {
  return rank === null ? `not proposed by ${name}` : `number ${rank} by ${name}`;
}

function words(kind, label, terms) {
  const shown = terms.flatMap(({ term, asked }) =>
    [" ", element("bdi", { class: `term ${kind}` }, term), asked ? [" for ", element("bdi", {}, asked)] : []].flat());
  return terms.length ? element("p", { class: "about" }, `${label}:`, ...shown) : null;
}

export function why(explain, score) {
  const { parts, weights, ranks, terms } = explain;
  return element("details", { class: "why" },
    element("summary", {}, "Why"),
    element("table", {},
      element("caption", { class: "unseen" }, "Parts of the score"),
      element("tbody", {},
        ...Object.entries(PARTS)
          .filter(([part]) => part !== "reranker" || parts.reranker !== null)
          .map(([part, label]) => row(label, parts[part], weights[part] ?? 0)),
        row("Score", score, 1))),
    element("p", { class: "about" }, `Of all passages ${ranked("words", ranks.lexical)}, ${ranked("meaning", ranks.dense)}.`),
    words("held", "Holds", terms.filter(({ held }) => held)),
    words("lacked", "Lacks", terms.filter(({ held }) => !held)));
}
