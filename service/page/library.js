// The articles that are asked; or, when there are none, what to do.

import { addressOf } from "./addresses.js";
import { button, element, line } from "./dom.js";
import { fetched } from "./service.js";

function listed(article) {
  return element("li", { class: "card" },
    element("h2", { dir: "auto" }, element("a", { href: addressOf({ article: article.id }) }, article.title)),
    line("about", [article.published, article.language, article.source]));
}

export function empty() {
  return element("div", { class: "card" },
    element("h2", {}, "The library is empty"),
    element("p", {}, "Add articles on the command line, in any format:"),
    element("pre", { tabindex: "0" }, "citewell add FILE_OR_FOLDER --library LIBRARY"),
    element("p", {}, "or drop text files (.md, .txt) on this page, if you may write to the library. Then ask."));
}

// A button that puts the page of articles that `cursor` names at the end of a list, and goes when there are no more.
function more(list, cursor) {
  let following = cursor;
  const asked = button("More articles", async () => {
    asked.disabled = true;
    try {
      const { articles, next } = await pageOf(following);
      const items = articles.map(listed);
      list.append(...items);
      items[0]?.querySelector("a").focus();
      if (next) following = next;
      else asked.remove();
    } catch (error) {
      asked.replaceWith(element("p", { class: "wrong", role: "alert" }, error.message));
    }
    asked.disabled = false;
  });
  return asked;
}

function pageOf(cursor = "") {
  return fetched(`/v1/articles?${new URLSearchParams({ cursor })}`);
}

export async function library() {
  const { articles, next } = await pageOf();
  const count = `${next ? "More than " : ""}${articles.length} ${articles.length === 1 ? "article" : "articles"}`;
  const list = element("ul", {}, ...articles.map(listed));
  return {
    title: "",
    status: [articles.length ? `${count} to ask` : "Nothing to ask yet"],
    content: [articles.length ? list : empty(), next ? more(list, next) : null],
  };
}

// Sources to filter by: those of the first articles, and the sites and folders that they lie under.
export async function sources() {
  const { articles } = await pageOf();
  const all = articles.map(({ source }) => source);
  const above = all.map((source) => source.match(/^(.*[^/])\/[^/]+\/?$/)?.[1]).filter((found) => found && !/:\/?$/.test(found));
  return [...new Set([...above, ...all])];
}
