// Requests to the service. The key stays in this tab and is forgotten with it.

const KEY = "citewell key";

export class KeyNeeded extends Error {}

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

export function useKey(key) {
  sessionStorage.setItem(KEY, key);
}

export function hasKey() {
  return sessionStorage.getItem(KEY) !== null;
}

async function responseOf(address, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const sent = key ? { ...options.headers, Authorization: `Bearer ${key}` } : options.headers;
  let response;
  try {
    response = await fetch(address, { ...options, headers: sent });
  } catch {
    throw new Error("The service cannot be reached. Is it running?");
  }
  if (response.status === 401) throw new KeyNeeded(key ? "The key is not valid." : "This library asks for a key.");
  if (!response.ok) throw new Refused(response.status, (await response.json()).detail);
  return response;
}

export async function fetched(address, options) {
  return (await responseOf(address, options)).json();
}

export function sent(address, body) {
  return fetched(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

// Only who may write sees jobs.
export async function mayWrite() {
  try {
    await fetched("/v1/jobs?limit=1");
    return true;
  } catch (error) {
    if (error instanceof Refused && error.status === 403) return false;
    throw error;
  }
}

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const events = (waiting + value).split(/\r?\n\r?\n/);
    waiting = events.pop();
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((said) => said.startsWith("data:")).map((said) => said.slice(5));
      if (data.length > 0) yield JSON.parse(data.join("\n"));
    }
  }
}

// Calls `seen` with the job whenever it has changed; gives it when it is finished.
export async function followed({ id }, seen) {
  let last = null;
  for await (const job of eventsOf(await responseOf(`/v1/jobs/${encodeURIComponent(id)}/events`))) {
    seen(job);
    last = job;
  }
  if (!last || ["queued", "running"].includes(last.state)) {
    throw new Error("The service stopped. What it had taken is added when it runs again.");
  }
  return last;
}
