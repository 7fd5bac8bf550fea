// The articles that are asked; or, when there are none, what to do.

import { addressOf } from "./addresses.js";
import { element, line } from "./dom.js";
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

export async function library() {
  const { articles, next } = await fetched("/v1/articles");
  const count = `${next ? "More than " : ""}${articles.length} ${articles.length === 1 ? "article" : "articles"}`;
  return {
    title: "",
    status: [articles.length ? `${count} to ask` : "Nothing to ask yet"],
    content: [articles.length ? element("ul", {}, ...articles.map(listed)) : empty()],
  };
}

// Sources to filter by: those of the first articles, and the sites and folders that they lie under.
export async function sources() {
  const { articles } = await fetched("/v1/articles");
  const all = articles.map(({ source }) => source);
  const above = all.map((source) => source.match(/^(.*[^/])\/[^/]+\/?$/)?.[1]).filter((found) => found && !/:\/?$/.test(found));
  return [...new Set([...above, ...all])];
}
