// Elements made of text, never of markup. Offsets count code points, as those of an answer do.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(label, action) {
  const made = element("button", { type: "button" }, label);
  made.addEventListener("click", action);
  return made;
}

// Parts of a line, each with a direction of its own, so that none turns the others around.
export function line(kind, parts) {
  const shown = parts.filter(Boolean).flatMap((part) => [" · ", element("bdi", {}, part)]);
  return element("p", { class: kind }, ...shown.slice(1));
}

// Text that starts at `offset` of its article, with a quote marked and in it the sentence that says most.
export function marked(text, offset, quote, best = quote) {
  const points = Array.from(text);
  const cut = (from, to) => points.slice(Math.max(0, from - offset), to - offset).join("");
  const inner = best.start > quote.start || best.end < quote.end
    ? [cut(quote.start, best.start), element("em", {}, cut(best.start, best.end)), cut(best.end, quote.end)]
    : [cut(quote.start, quote.end)];
  return [
    cut(offset, quote.start),
    element("mark", { tabindex: "-1" }, ...inner),
    cut(quote.end, offset + points.length),
  ];
}

// Without the blanks around it, and where in the article it then begins.
export function trimmed(passage) {
  return {
    text: passage.text.trim(),
    offset: passage.start + Array.from(passage.text.match(/^\s*/)[0]).length,
  };
}
