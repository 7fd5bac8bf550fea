// What stands in the page's address, so that it can be shared.

const LIMITS = ["source", "from", "to", "as_of"];

export function wanted() {
  const given = new URLSearchParams(location.search);
  const said = (name) => (given.get(name) ?? "").trim();
  return {
    question: said("q"),
    limits: Object.fromEntries(LIMITS.map((name) => [name, said(name)])),
    article: said("article"),
    revision: Number(said("revision")),
    span: { start: Number(said("start")), end: Number(said("end")), version: said("version") },
  };
}

export function addressOf(parts) {
  return "?" + new URLSearchParams(Object.entries(parts).filter(([, value]) => value !== "" && value !== null));
}

export function addressOfCitation({ article, quote }) {
  return addressOf({ article: article.id, start: quote.start, end: quote.end, version: article.version });
}

export function isLimited(limits) {
  return LIMITS.some((name) => limits[name]);
}

export function requestOf({ question, limits }) {
  return {
    question,
    explain: true,
    filter: {
      sources: limits.source ? [limits.source] : [],
      published_from: limits.from || null,
      published_to: limits.to || null,
    },
    as_of: limits.as_of || null,
  };
}

// Of the web, or null: an article may name any source.
export function webAddress(source) {
  return /^https?:\/\//i.test(source ?? "") ? source : null;
}
