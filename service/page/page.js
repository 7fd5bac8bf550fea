// The page: what its address wants is shown; forms change the address.

import { addressOf, isLimited, wanted } from "./addresses.js";
import { offerAdding, takeFiles } from "./adding.js";
import { answerTo } from "./answer.js";
import { articleAs } from "./article.js";
import { element } from "./dom.js";
import { listenForKeys } from "./keyboard.js";
import { library, sources } from "./library.js";
import { hasKey, KeyNeeded, mayWrite, Refused, useKey } from "./service.js";

const status = document.getElementById("status");
const view = document.getElementById("view");
const form = document.getElementById("ask");
const field = document.getElementById("question");
const limits = document.getElementById("limits");
const known = document.getElementById("sources");
const allowed = document.getElementById("key");

let latest = 0; // so that what comes late does not replace what was asked for since

function fill(asked) {
  field.value = asked.question;
  for (const [name, value] of Object.entries(asked.limits)) form.elements[name].value = value;
  if (isLimited(asked.limits)) limits.open = true;
}

function shown(asked) {
  if (asked.question) return answerTo(asked);
  return asked.article ? articleAs(asked) : library();
}

// On the page of the library: what may be done, and with a key that another may be used.
function offer(atHome, writes) {
  offerAdding(writes);
  allowed.hidden = !atHome || !hasKey();
  allowed.querySelector("span").textContent = writes ? "Your key may read and add articles." : "Your key may read.";
}

function askForKey(reason) {
  offer(false, false);
  const typed = element("input", { type: "password", autocomplete: "off", required: "", "aria-label": "Key" });
  const asked = element("form", { class: "card key" }, typed, element("button", {}, "Use this key"));
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    useKey(typed.value.trim());
    show();
  });
  view.replaceChildren(...(reason ? [element("p", { class: "wrong", role: "alert" }, reason)] : []), asked);
  typed.focus();
}

function goTo(mark) {
  mark?.scrollIntoView({ block: "center" });
  mark?.focus({ preventScroll: true });
}

async function show() {
  const asked = wanted();
  const turn = ++latest;
  fill(asked);
  view.setAttribute("aria-busy", "true");
  status.textContent = asked.question ? "Asking" : "";
  try {
    const { title, status: said = [], content, scroll } = await shown(asked);
    if (turn !== latest) return;
    document.title = title ? `${title} - citewell` : "citewell";
    status.replaceChildren(...said);
    view.replaceChildren(...content.filter(Boolean));
    if (scroll) goTo(view.querySelector("mark"));
    const atHome = !asked.question && !asked.article;
    const writes = atHome && await mayWrite();
    if (turn === latest) offer(atHome, writes);
  } catch (error) {
    if (turn !== latest) return;
    status.textContent = "";
    if (error instanceof KeyNeeded || (error instanceof Refused && error.status === 403)) askForKey(error.message);
    else view.replaceChildren(element("p", { class: "wrong", role: "alert" }, error.message));
  } finally {
    if (turn === latest) view.removeAttribute("aria-busy");
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = new FormData(form);
  history.pushState(null, "", addressOf(Object.fromEntries(
    [...given].map(([name, value]) => [name, value.trim()]))));
  show();
});
limits.addEventListener("toggle", async () => {
  if (!limits.open || known.children.length) return;
  const found = await sources().catch(() => []); // they are only proposed
  known.replaceChildren(...found.map((value) => element("option", { value })));
});
allowed.querySelector("button").addEventListener("click", () => {
  latest += 1;
  status.textContent = "";
  askForKey("");
});
addEventListener("popstate", show);
listenForKeys(field);
takeFiles(show);
show();
