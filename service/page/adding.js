// Text files that are dropped or chosen become articles, by jobs whose progress is shown.

import { element } from "./dom.js";
import { followed, sent } from "./service.js";

const FORMATS = { md: "markdown", markdown: "markdown", txt: "plain" };
const ONCE = { characters: 8_000_000, articles: 1000 }; // of a job; a single larger file makes one of its own

const panel = document.getElementById("adding");
const chooser = document.getElementById("files");

// The id of the front matter, else the file's name, so that a file that is added again updates its article.
function idOf(name, text) {
  const own = text.match(/^---\r?\n(?:(?!---).*\r?\n)*?id:[ \t]*["']?([A-Za-z0-9][\w.-]{0,99})["']?[ \t]*\r?\n/);
  const named = name.replace(/\.[^.]*$/, "").normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[._-]+|-+$/g, "");
  return own?.[1] ?? named.slice(0, 100);
}

// An article of a file. Throws an Error that says why there is none.
async function articleOf(file) {
  const format = FORMATS[file.name.split(".").pop().toLowerCase()];
  if (!format) throw new Error("only text (.md, .txt) can be added here; for other formats run citewell add");
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new Error("cannot be read; a folder is added by citewell add");
  }
  let text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error("is not UTF-8");
  }
  if (!text.trim()) throw new Error("no text in it");
  const id = idOf(file.name, text);
  if (!id) throw new Error("its name has no letter or digit for an id; rename it");
  return { id, text, format };
}

// Articles in jobs, and why other files are none.
async function jobsOf(files) {
  const jobs = [], wrong = [], ids = new Set();
  let room = { characters: 0, articles: 0 };
  for (const file of files) {
    try {
      const article = await articleOf(file);
      if (ids.has(article.id)) throw new Error(`another file has the id ${article.id}, too`);
      ids.add(article.id);
      if (room.characters < article.text.length || room.articles < 1) {
        jobs.push([]);
        room = { ...ONCE };
      }
      jobs.at(-1).push(article);
      room = { characters: room.characters - article.text.length, articles: room.articles - 1 };
    } catch (error) {
      wrong.push(`${file.name}: ${error.message}`);
    }
  }
  return { jobs, wrong };
}

function said(job) {
  return ["added", "updated", "unchanged", "refused"].filter((result) => job[result] > 0)
    .map((result) => `${job[result]} ${result}`).join(", ");
}

async function add(files, done) {
  const bar = element("progress", { "aria-label": "Adding articles" });
  const state = element("p", { role: "status" });
  const refused = element("ul", { class: "wrong" });
  panel.replaceChildren(bar, state, refused);
  panel.hidden = false;
  const refuse = (reason) => refused.append(element("li", { dir: "auto" }, reason));
  state.textContent = "Reading files";
  try {
    const { jobs, wrong } = await jobsOf(files);
    wrong.forEach(refuse);
    const total = { added: 0, updated: 0, unchanged: 0, refused: wrong.length };
    bar.max = jobs.flat().length || 1;
    let before = 0;
    for (const articles of jobs) {
      const job = await followed(await sent("/v1/articles", { articles }), (seen) => {
        bar.value = before + seen.done;
        state.textContent = `Adding: ${before + seen.done} of ${bar.max}`;
      });
      for (const result of Object.keys(total)) total[result] += job[result];
      job.refusals.forEach(({ reason }) => refuse(reason));
      if (job.reason) refuse(job.reason);
      before += articles.length;
    }
    state.textContent = said(total) || "Nothing was added";
  } catch (error) {
    state.textContent = "";
    refuse(error.message);
  }
  bar.remove();
  done();
}

// Offers to add files where that is allowed, and takes files that are dropped anywhere.
export function takeFiles(done) {
  let before = Promise.resolve(); // one lot after another
  const take = (files) => { before = before.then(() => add(files, done)); };
  chooser.addEventListener("change", () => {
    take([...chooser.files]);
    chooser.value = "";
  });
  for (const kind of ["dragover", "drop"]) {
    addEventListener(kind, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      if (kind === "drop") take([...event.dataTransfer.files]);
    });
  }
}

export function offerAdding(offered) {
  chooser.parentElement.hidden = !offered;
}
