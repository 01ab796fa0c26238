// The bot's API calls to all four platforms in one list, newest first. Writes carry a mark.

import { el, fill } from "./dom.js";
import { feeds, slack } from "./feeds.js";
import { nothing } from "./parts.js";

const SHOWN = 200;
const PLATFORMS = { slack: "Slack", github: "GitHub", argocd: "Argo CD", cluster: "Kubernetes" };
const VERBS = { get: "GET", list: "GET", watch: "GET", create: "POST", patch: "PATCH", update: "PUT", delete: "DELETE" };
// These are POSTs that change nothing: a question about one's own rights, and the exchange of a token.
const QUESTIONS = /selfsubject(access|rules)reviews|\/access_tokens\b/;
const SLACK_WRITES = /^(chat|views)\./;

const filter = { words: "", platforms: new Set(Object.keys(PLATFORMS)), writes: false, failed: false };
let node = null;
let list = null;
let count = null;
let limit = SHOWN;

/** One call as the list shows it; `at` in epoch seconds, `ms` null where it was not measured. */
function rowsOf(platform) {
  if (platform === "slack") {
    return slack.calls.map((call) => ({
      platform, at: call.at, method: "POST", path: call.method, status: call.status, failed: Boolean(call.error) || call.status >= 400,
      write: SLACK_WRITES.test(call.method), ms: (call.answered - call.received) * 1000, note: call.error || (call.fault ? `fault: ${call.fault}` : ""), detail: call.text,
    }));
  }
  return feeds[platform].calls.map((call) => {
    const method = call.method ?? VERBS[call.verb] ?? String(call.verb ?? "").toUpperCase();
    return {
      platform, at: call.at, method, path: call.path, status: call.status, failed: !call.status || call.status >= 400,
      write: !["GET", "HEAD"].includes(method) && !QUESTIONS.test(call.path), ms: call.ms ?? null, note: call.fault ? `fault: ${call.fault}` : call.status ? "" : "no answer", detail: "",
    };
  });
}

function wanted(row) {
  if (!filter.platforms.has(row.platform) || (filter.writes && !row.write) || (filter.failed && !row.failed)) return false;
  return !filter.words || `${row.method} ${row.path} ${row.status} ${row.note}`.toLowerCase().includes(filter.words);
}

/** Build the panel once; later calls only draw the list again. */
export function drawInspector(place) {
  if (node?.parentNode !== place) {
    list = el("div", { class: "calls", "aria-label": "API calls" });
    count = el("span", { class: "panel-note", role: "status" });
    node = el("section", { class: "panel-section inspector", "aria-label": "API calls" }, tools(), list);
    fill(place, node);
  }
  const all = Object.keys(PLATFORMS).flatMap(rowsOf).sort((a, b) => b.at - a.at);
  const rows = all.filter(wanted);
  count.textContent = rows.length === all.length ? `${all.length} calls` : `${rows.length} of ${all.length} calls`;
  list.setAttribute("role", rows.length ? "table" : "group"); // a table without a row is none
  if (!rows.length) return fill(list, nothing(all.length ? "No call like that" : "No calls yet", all.length ? "Change the filter." : "The bot has not asked anything."));
  return fill(list, el("div", { class: "call call-titles", role: "row" }, ["Time", "Platform", "Method", "Path", "Status", "ms"].map((title) => el("span", { role: "columnheader" }, title))),
    rows.slice(0, limit).map(drawRow),
    rows.length > limit && el("button", { type: "button", class: "earlier", onclick: () => { limit += SHOWN; drawInspector(place); } }, `Show earlier calls (${rows.length - limit})`));
}

const clock = (at) => {
  const when = new Date(at * 1000);
  return `${when.toTimeString().slice(0, 8)}.${String(when.getMilliseconds()).padStart(3, "0")}`;
};

function drawRow(row) {
  const bad = row.status >= 400 || !row.status;
  return el("div", { class: `call ${row.write ? "call-write" : ""} ${row.failed ? "call-failed" : ""}`, role: "row", "data-testid": "call", "data-platform": row.platform, "data-write": String(row.write) },
    el("span", { role: "cell", class: "call-time" }, clock(row.at)), el("span", { role: "cell", class: `call-platform platform-${row.platform}` }, PLATFORMS[row.platform]),
    el("span", { role: "cell", class: "call-method" }, row.method, row.write && el("span", { class: "write" }, "write")),
    el("span", { role: "cell", class: "call-path" }, row.path, row.note && el("span", { class: "call-note" }, row.note), row.detail && el("span", { class: "call-detail" }, row.detail)),
    el("span", { role: "cell", class: `call-status ${bad ? "call-bad" : ""}` }, row.status || "–"),
    el("span", { role: "cell", class: "call-ms" }, row.ms === null ? "–" : row.ms < 10 ? row.ms.toFixed(1) : Math.round(row.ms)));
}

// --- the filter ----------------------------------------------------------------------------------------------------

function tools() {
  const again = () => { limit = SHOWN; drawInspector(node.parentNode); };
  const chip = (words, testid, on, flip) => {
    const button = el("button", { type: "button", class: "chip", "aria-pressed": String(on()), "data-testid": testid,
      onclick: () => { flip(); button.setAttribute("aria-pressed", String(on())); again(); } }, words);
    return button;
  };
  const only = (name) => () => { if (!filter.platforms.delete(name)) filter.platforms.add(name); };
  return el("div", { class: "call-tools" },
    el("input", { type: "search", class: "text-input", placeholder: "Filter by path, method or status", "aria-label": "Filter calls", "data-testid": "calls-filter",
      oninput: (event) => { filter.words = event.target.value.trim().toLowerCase(); again(); } }),
    el("div", { class: "chips", role: "group", "aria-label": "Platforms" }, Object.entries(PLATFORMS).map(([name, title]) => chip(title, `calls-${name}`, () => filter.platforms.has(name), only(name)))),
    el("div", { class: "chips", role: "group", "aria-label": "Kinds" },
      chip("Writes only", "calls-writes", () => filter.writes, () => { filter.writes = !filter.writes; }),
      chip("Failed only", "calls-failed", () => filter.failed, () => { filter.failed = !filter.failed; }), count));
}
