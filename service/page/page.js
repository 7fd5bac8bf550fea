// The page: asks /v1/ask and shows quotes in their passages, or an article with a span highlighted.
// Everything from the service is put on the page as text, never as markup. Offsets count code points.

const main = document.getElementById("main");
const form = document.getElementById("ask");
const field = document.getElementById("question");

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function marked(text, offset, start, end) {
  const points = Array.from(text);
  const cut = (from, to) => points.slice(from, to).join("");
  return [
    cut(0, start - offset),
    element("mark", { id: "evidence" }, cut(start - offset, end - offset)),
    cut(end - offset),
  ];
}

function articleAddress(id, start, end, version = "") {
  return "?" + new URLSearchParams({ article: id, start, end, version });
}

const KEY = "citewell key";

class KeyNeeded extends Error {}

async function fetched(address, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const sent = key ? { ...options.headers, Authorization: `Bearer ${key}` } : options.headers;
  const response = await fetch(address, { ...options, headers: sent });
  const body = await response.json();
  if (response.status === 401) throw new KeyNeeded(key ? "The key is not valid." : "This library asks for a key.");
  if (!response.ok) throw new Error(body.detail);
  return body;
}

// The key stays in this tab and is forgotten with it.
function askForKey(reason) {
  const typed = element("input", { type: "password", autocomplete: "off", required: "", "aria-label": "Key" });
  const asked = element("form", { class: "card" }, typed, element("button", {}, "Use this key"));
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem(KEY, typed.value.trim());
    show();
  });
  main.replaceChildren(element("p", { class: "verdict", role: "alert" }, reason), asked);
  typed.focus();
}

function citation(found) {
  const { article, passage, quote } = found;
  const shown = passage.text.trim();
  const offset = passage.start + Array.from(passage.text.match(/^\s*/)[0]).length;
  const pages = quote.pages.length > 0 ? `page ${quote.pages.join(", ")}` : null;
  const about = [article.published, passage.heading, pages, `score ${found.score.toFixed(3)}`, article.source];
  const { source, quote: atQuote } = found.links;
  const original = source
    ? element("a", { href: atQuote ?? source, rel: "noopener noreferrer" }, atQuote ? "Original, at the quote" : "Original")
    : null;
  const also = found.also_in.map((other) => other.title).join(" · ");
  return element("li", { class: "card" },
    element("h2", {}, element("a", { href: articleAddress(article.id, quote.start, quote.end, article.version) }, article.title)),
    element("p", { class: "about" }, about.filter(Boolean).join(" · ")),
    element("p", { class: "text" }, ...marked(shown, offset, quote.start, quote.end)),
    also ? element("p", { class: "about" }, `Also in ${also}`) : null,
    original);
}

async function showAnswer(question) {
  const answer = await fetched("/v1/ask", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ question }),
  });
  const count = answer.citations.length;
  const silent = Object.entries(answer.retrievers).filter(([, { state }]) => state !== "ok")
    .map(([name, { state }]) => `${name} search: ${state.replaceAll("_", " ")}`);
  const verdict = answer.verdict === "answered"
    ? `${count} ${count === 1 ? "passage" : "passages"}, best first`
    : `No answer. ${answer.reason ?? ""}`;
  const confidence = answer.confidence === null ? "not calibrated" : `confidence ${Math.round(100 * answer.confidence)} %`;
  const sure = answer.verdict === "answered" ? [confidence] : [];
  const near = answer.near_misses.length ? element("p", { class: "verdict" }, "The nearest passages:") : null;
  main.replaceChildren(
    element("p", { class: "verdict" }, [verdict, ...sure, ...silent, `${answer.took_ms.toFixed(0)} ms`].join(" · ")),
    ...[near].filter(Boolean),
    element("ol", {}, ...[...answer.citations, ...answer.near_misses].map(citation)));
}

const readsNow = {
  exact: "The article was changed since; these words stand where they stood, as marked below.",
  moved: "The article was changed since; these words stand elsewhere in it now, as marked below.",
  changed: "The article was changed since; it reads now:",
  gone: "The article was changed since; these words are no longer in it.",
};

function citedBefore({ article, passage, now }) {
  return [
    element("p", { class: "about" }, `Cited from revision ${article.revision}:`),
    element("blockquote", { class: "text" }, passage.text.trim()),
    element("p", { class: "wrong" }, now.version ? readsNow[now.state] : "The article was removed since."),
    now.state === "changed" ? element("blockquote", { class: "text" }, now.text) : null,
  ];
}

async function showArticle(id, start, end, version) {
  const span = end > start && version ? `${id}.${version.slice(0, 12)}.${start}-${end}` : null;
  const cited = span ? await fetched(`/v1/passages/${encodeURIComponent(span)}`) : null;
  const now = cited ? cited.now : { start, end, version: "the newest" };
  const { article, text } = now.version ? await fetched(`/v1/articles/${encodeURIComponent(id)}`) : cited;
  if (!article) throw new Error(`No article ${id}.`);
  const whole = now.end > now.start ? marked(text, 0, now.start, now.end) : [text ?? ""];
  const outdated = cited && !cited.current;
  main.replaceChildren(element("article", { class: "card" },
    element("h2", {}, article.title),
    element("p", { class: "about" },
      [article.published, `revision ${article.revision}`, article.source].filter(Boolean).join(" · ")),
    ...(outdated ? citedBefore(cited) : []),
    element("p", { class: "text" }, ...whole)));
  if (!outdated) document.getElementById("evidence")?.scrollIntoView({ block: "center" });
}

async function showLibrary() {
  const { articles, next } = await fetched("/v1/articles");
  const lines = articles.map((article) => element("li", { class: "card" },
    element("h2", {}, element("a", { href: articleAddress(article.id, 0, 0) }, article.title)),
    element("p", { class: "about" }, [article.published, article.language, article.source].filter(Boolean).join(" · "))));
  const count = `${articles.length}${next ? " or more" : ""} ${articles.length === 1 ? "article" : "articles"}`;
  const empty = "The library is empty. Add articles: citewell add FILE_OR_FOLDER";
  main.replaceChildren(
    element("p", { class: "verdict" }, articles.length ? `Asking ${count}` : empty),
    element("ul", {}, ...lines));
}

async function show() {
  const wanted = new URLSearchParams(location.search);
  const question = (wanted.get("q") ?? "").trim();
  field.value = question;
  document.title = question ? `${question} - citewell` : "citewell";
  try {
    if (question) await showAnswer(question);
    else if (wanted.get("article")) {
      await showArticle(wanted.get("article"), Number(wanted.get("start")), Number(wanted.get("end")),
        wanted.get("version"));
    } else await showLibrary();
  } catch (error) {
    if (error instanceof KeyNeeded) askForKey(error.message);
    else main.replaceChildren(element("p", { class: "wrong", role: "alert" }, error.message));
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  history.pushState(null, "", "?" + new URLSearchParams({ q: field.value }));
  show();
});
addEventListener("popstate", show);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.select();
  }
});
show();
