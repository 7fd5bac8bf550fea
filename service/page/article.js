// An article: as it is now with the cited span marked, or a former revision; and the list of its revisions.

import { addressOf } from "./addresses.js";
import { element, line, marked } from "./dom.js";
import { fetched, Refused } from "./service.js";

const MOST_LISTED = 20; // revisions, the newest ones

const readsNow = {
  exact: "The article was changed since; these words stand where they stood, as marked below.",
  moved: "The article was changed since; these words stand elsewhere in it now, as marked below.",
  changed: "The article was changed since; it reads now:",
  gone: "The article was changed since; these words are no longer in it.",
};

function citedBefore({ article, passage, now }) {
  return [
    element("p", { class: "about" }, `Cited from revision ${article.revision}:`),
    element("blockquote", { class: "text", dir: "auto" }, passage.text.trim()),
    element("p", { class: "wrong" }, now.version ? readsNow[now.state] : "The article was removed since."),
    now.state === "changed" ? element("blockquote", { class: "text", dir: "auto" }, now.text) : null,
  ];
}

function articleAt(id, revision) {
  return fetched(`/v1/articles/${encodeURIComponent(id)}${revision ? `?revision=${revision}` : ""}`);
}

async function ifKept(fetching) {
  try {
    return await fetching;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

async function listed(id, number, shown) {
  const kept = await ifKept(articleAt(id, number));
  if (!kept) return element("li", {}, `${number} · not kept`);
  const when = `${number} · ${kept.article.recorded_at.slice(0, 16).replace("T", " ")} UTC`;
  const here = number === shown ? { "aria-current": "page" } : {};
  return element("li", {}, element("a", { href: addressOf({ article: id, revision: number }), ...here }, when));
}

// They are fetched when the list is opened.
function revisions(id, newest, shown) {
  const list = element("ol");
  const made = element("details", { class: "revisions" },
    element("summary", {}, newest === 1 ? "1 revision" : `${newest} revisions`), list);
  made.addEventListener("toggle", async () => {
    const numbers = Array.from({ length: Math.min(newest, MOST_LISTED) }, (_, i) => newest - i);
    try {
      list.replaceChildren(...await Promise.all(numbers.map((number) => listed(id, number, shown))));
    } catch (error) {
      list.replaceChildren(element("li", { class: "wrong" }, error.message));
    }
  }, { once: true });
  return made;
}

function former(id, shown, newest) {
  if (newest && shown === newest.article.revision) return null;
  return element("p", { class: "wrong" },
    newest ? "A former revision. " : "The article was removed. ",
    newest ? element("a", { href: addressOf({ article: id }) }, "Show the newest") : null);
}

function shownArticle(article, newest, remarks, text) {
  const { id, title, revision } = article;
  return element("article", { class: "card" },
    element("h2", { dir: "auto" }, title),
    line("about", [article.author, article.published, `revision ${revision}`, article.source]),
    revisions(id, Math.max(revision, newest?.article.revision ?? 0), revision),
    ...remarks,
    element("p", { class: "text", dir: "auto" }, ...text));
}

async function revisionOf(id, revision) {
  const [shown, newest] = await Promise.all([articleAt(id, revision), ifKept(articleAt(id))]);
  return {
    title: shown.article.title,
    content: [shownArticle(shown.article, newest, [former(id, revision, newest)], [shown.text])],
  };
}

async function citedSpan(id, { start, end, version }) {
  const span = end > start && version ? `${id}.${version.slice(0, 12)}.${start}-${end}` : null;
  const cited = span ? await fetched(`/v1/passages/${encodeURIComponent(span)}`) : null;
  const now = cited ? cited.now : { start, end, version: "the newest" };
  const newest = now.version ? await articleAt(id) : null;
  const outdated = cited && !cited.current;
  const text = newest?.text ?? "";
  return {
    title: (newest ?? cited).article.title,
    content: [shownArticle((newest ?? cited).article, newest, outdated ? citedBefore(cited) : [],
      now.end > now.start ? marked(text, 0, now) : [text])],
    scroll: !outdated,
  };
}

export function articleAs({ article, revision, span }) {
  return revision > 0 ? revisionOf(article, revision) : citedSpan(article, span);
}
