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

async function fetched(address, options) {
  const response = await fetch(address, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

function citation(found) {
  const { article, passage, quote } = found;
  const shown = passage.text.trim();
  const offset = passage.start + Array.from(passage.text.match(/^\s*/)[0]).length;
  const about = [article.published, passage.heading, `score ${found.score.toFixed(3)}`, article.source];
  const source = found.links.source
    ? element("a", { href: found.links.source, rel: "noopener noreferrer" }, "Original")
    : null;
  return element("li", { class: "card" },
    element("h2", {}, element("a", { href: articleAddress(article.id, quote.start, quote.end, article.version) }, article.title)),
    element("p", { class: "about" }, about.filter(Boolean).join(" · ")),
    element("p", { class: "text" }, ...marked(shown, offset, quote.start, quote.end)),
    source);
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
    : `Nothing found. ${answer.reason ?? ""}`;
  main.replaceChildren(
    element("p", { class: "verdict" }, [verdict, ...silent, `${answer.took_ms.toFixed(0)} ms`].join(" · ")),
    element("ol", {}, ...answer.citations.map(citation)));
}

async function showArticle(id, start, end, version) {
  const { article, text } = await fetched(`/v1/articles/${encodeURIComponent(id)}`);
  if (!article) throw new Error(`No article ${id}.`);
  const same = !version || version === article.version;
  const whole = end > start && same ? marked(text, 0, start, end) : [text];
  main.replaceChildren(element("article", { class: "card" },
    element("h2", {}, article.title),
    element("p", { class: "about" },
      [article.published, `revision ${article.revision}`, article.source].filter(Boolean).join(" · ")),
    same ? null : element("p", { class: "wrong" }, "The article was changed since it was cited; this is the new text."),
    element("p", { class: "text" }, ...whole)));
  document.getElementById("evidence")?.scrollIntoView({ block: "center" });
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
    main.replaceChildren(element("p", { class: "wrong", role: "alert" }, error.message));
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
