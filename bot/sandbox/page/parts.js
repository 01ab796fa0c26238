// Pieces that the platforms' panels share.

import { el, fill, icon } from "./dom.js";

const GOOD = ["success", "Synced", "Healthy", "Succeeded"];
const BAD = ["failure", "timed_out", "startup_failure", "Degraded", "Missing", "Failed", "Error", "SyncFailed"];
const WARN = ["OutOfSync", "action_required", "Unknown", "Suspended", "cancelled"];
const GOING = ["queued", "in_progress", "waiting", "pending", "requested", "Progressing", "Running", "Terminating"];
const PICTURES = { good: "check", bad: "close", warn: "alert", going: "clock", off: "minus" };

/** good, bad, warn, going or off: the colour of a vendor's word. */
export function tone(word) {
  if (GOOD.includes(word)) return "good";
  if (BAD.includes(word)) return "bad";
  if (WARN.includes(word)) return "warn";
  return GOING.includes(word) ? "going" : "off";
}

export const mark = (kind) => el("span", { class: `mark mark-${kind}`, "aria-hidden": "true" }, icon(PICTURES[kind]));

/** A vendor's word as it says it, with its colour. */
export const badge = (word, kind = tone(word)) => el("span", { class: `state state-${kind}` }, mark(kind), word);

export const heading = (words, count) => el("h3", { class: "panel-heading" }, words, count !== undefined && el("span", { class: "panel-count" }, count));

export const nothing = (title, words) => el("div", { class: "empty" }, el("strong", {}, title), el("p", {}, words));

const opened = new Map();

/** A card that folds; what a person opened or closed stays so over redrawings. */
export function fold(key, byDefault, head, ...body) {
  const node = el("details", { class: "card", open: opened.get(key) ?? byDefault, "data-item": key },
    el("summary", { "data-key": key, onclick: () => opened.set(key, !node.open) }, el("span", { class: "chevron", "aria-hidden": "true" }, icon("right")), head),
    el("div", { class: "card-body" }, body));
  return node;
}

export const unfold = (key) => opened.set(key, true);

/** Put new content in; the focus (by data-key) and the scroll stay. */
export function redraw(node, ...children) {
  const key = node.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const top = node.scrollTop;
  fill(node, ...children);
  node.scrollTop = top;
  if (key) node.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

/** A code block of signed lines, each {sign, text}. */
export function signedLines(lines) {
  return el("pre", { class: "diff", tabindex: "0", "aria-label": "Changed lines" }, el("code", {}, lines.map(({ sign, text }) => {
    const kind = sign === "+" ? "diff-plus" : sign === "-" ? "diff-minus" : sign === "@" ? "diff-head" : "diff-same";
    return el("span", { class: kind }, el("i", { class: "sign" }, sign === "@" ? " " : sign || " "), text || " ");
  })));
}
