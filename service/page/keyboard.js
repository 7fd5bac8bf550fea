// `/` goes to the question, the arrows to the citation before and after.

const ITEMS = "#view li h2 a";

function typing(target) {
  return target.matches?.("input, textarea, select");
}

function step(field, by) {
  const items = [...document.querySelectorAll(ITEMS)];
  const here = items.findIndex((item) => item.closest("li").contains(document.activeElement));
  const next = here < 0 ? (by > 0 ? 0 : -1) : here + by;
  if (here === 0 && by < 0) {
    field.focus();
    return true;
  }
  const item = items[next];
  if (!item) return false;
  item.closest("li").scrollIntoView({ block: "nearest" });
  item.scrollIntoView({ block: "nearest" }); // of a long one the title, too
  item.focus({ preventScroll: true });
  return true;
}

export function listenForKeys(field) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.key === "/" && (!typing(event.target) || (event.target === field && !field.value))) {
      event.preventDefault();
      field.select();
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && (event.target === field || !typing(event.target)) && step(field, by)) event.preventDefault();
  });
}
