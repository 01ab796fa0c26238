// Faults to switch on, by platform. What is on stands in a strip above everything, with one button that clears all.

import { post } from "./api.js";
import { frame } from "./dialog.js";
import { el, fill, icon } from "./dom.js";
import { feeds } from "./feeds.js";
import { toast } from "./toasts.js";

const status = (code) => ({ kind: "status", status: code });

const HTTP = [
  { id: "401", title: "401 Unauthorized", detail: "The token is refused.", order: status(401) },
  { id: "403", title: "403, rate limit spent", detail: "With the headers that say when to come back.", order: { kind: "rate_limited", status: 403 } },
  { id: "404", title: "404 Not Found", detail: "As if it did not exist, or may not be seen.", order: status(404) },
  { id: "409", title: "409 Conflict", detail: "Somebody else was faster.", order: status(409) },
  { id: "422", title: "422 Unprocessable", detail: "The request is refused as it stands.", order: status(422) },
  { id: "429", title: "429 Too Many Requests", detail: "With Retry-After: 5.", order: { kind: "rate_limited", status: 429, retry_after: 5 } },
  { id: "500", title: "500, nothing done", detail: "The server failed before the work.", order: status(500) },
  { id: "500-done", title: "500 after it did the thing", detail: "The work is done; the answer says it is not.", order: { kind: "status", status: 500, done: true } },
  { id: "slow", title: "Slow", detail: "The answer comes five seconds late.", order: { kind: "slow", seconds: 5 } },
  { id: "cut", title: "Cut in the middle", detail: "Half of the answer, then the connection breaks.", order: { kind: "cut" } },
  { id: "lost", title: "Answer lost", detail: "The work is done; no answer comes.", order: { kind: "drop_answer" } },
];
const SLACK = [
  { id: "401", title: "invalid_auth", detail: "The token is refused.", order: { kind: "error", error: "invalid_auth" } },
  { id: "429", title: "429 ratelimited", detail: "With Retry-After: 5.", order: { kind: "http", status: 429, retry_after: 5 } },
  { id: "500", title: "500, nothing done", detail: "The server failed before the work.", order: { kind: "http", status: 500 } },
  { id: "slow", title: "Slow", detail: "The answer comes five seconds late.", order: { kind: "slow", seconds: 5 } },
  { id: "lost", title: "Answer lost", detail: "The work is done; no answer comes.", order: { kind: "drop_answer" } },
  { id: "cut", title: "Request lost", detail: "The connection breaks before the work.", order: { kind: "drop_request" } },
];

const PLATFORMS = {
  github: { title: "GitHub", endpoint: "github_fault", faults: HTTP },
  argocd: { title: "Argo CD", endpoint: "argocd_fault", faults: HTTP },
  cluster: { title: "Kubernetes", endpoint: "cluster_fault", faults: HTTP },
  slack: { title: "Slack", endpoint: "fault", faults: SLACK },
};
const CHOICES = {
  times: [["1", "the next call"], ["3", "the next three calls"], ["0", "all calls until cleared"]],
  method: [["", "of any method"], ["GET", "GET"], ["POST", "POST"], ["PUT", "PUT"], ["PATCH", "PATCH"]],
};
const MANY = 1_000_000; // Slack's faults have no "until cleared"
const chosen = { platform: "github", times: "1", method: "" };

/** What is on: platform -> the orders that still wait, as the sandbox tells. */
let on = {};
let dialog = null;
let strip = null;
let button = null;

export function setUpFaults(stripNode, buttonNode) {
  strip = stripNode;
  button = buttonNode;
  button.addEventListener("click", open);
  draw();
}

/** The stream's word on what waits. */
export function faultsChanged(now) {
  on = now;
  draw();
  dialog?.draw();
}

const here = () => Object.keys(PLATFORMS).filter((name) => !feeds[name]?.missing);
const waiting = (platform) => on[platform] ?? [];
const fits = (order, row) => row.kind === order.kind && (!order.status || row.status === order.status) && Boolean(row.done) === Boolean(order.done);
const titleOf = (platform, row) => PLATFORMS[platform].faults.find((fault) => fits(fault.order, row))?.title ?? row.kind;
const often = (row) => (row.times === 0 || row.times > MANY / 2 ? "until cleared" : row.times === 1 ? "next call" : `next ${row.times} calls`);

function draw() {
  const rows = Object.keys(PLATFORMS).flatMap((platform) => waiting(platform).map((row) => ({ platform, row })));
  strip.hidden = !rows.length;
  fill(button, icon("alert"), el("span", { class: "tool-words" }, "Faults"), rows.length > 0 && el("span", { class: "badge" }, rows.length));
  button.setAttribute("aria-label", rows.length ? `Faults, ${rows.length} on` : "Faults");
  if (!rows.length) return fill(strip);
  return fill(strip, icon("alert"), el("ul", { class: "strip-list" }, rows.map(({ platform, row }) => el("li", { "data-testid": "fault-on" },
    el("strong", {}, PLATFORMS[platform].title), `: ${titleOf(platform, row)} (${often(row)})`))),
  el("button", { type: "button", class: "button small", "data-testid": "faults-clear", onclick: clearAll }, "Clear all"));
}

export async function clearAll() {
  faultsChanged({});
  const answers = await Promise.all(here().map((name) => post(PLATFORMS[name].endpoint, { clear: true })));
  const wrong = answers.find((answer) => !answer.ok);
  if (wrong) toast(wrong.error, "error");
}

async function flip(platform, fault, isOn) {
  const times = Number(chosen.times);
  const only = platform === "slack" ? { method: "*", times: times || MANY } : { method: chosen.method, times };
  const answer = isOn ? await takeBack(platform, fault) : await post(PLATFORMS[platform].endpoint, { ...fault.order, ...only });
  if (!answer.ok) return toast(answer.error, "error");
  const rest = waiting(platform).filter((row) => !fits(fault.order, row));
  return faultsChanged({ ...on, [platform]: isOn ? rest : [...rest, { ...fault.order, ...only }] }); // the stream says so too, a second later
}

/** The sandbox clears a platform as a whole: what shall stay on is ordered again. */
async function takeBack(platform, fault) {
  const { endpoint } = PLATFORMS[platform];
  const rest = waiting(platform).filter((row) => !fits(fault.order, row));
  let answer = await post(endpoint, { clear: true });
  for (const row of rest) answer = await post(endpoint, row);
  return answer;
}

// --- the dialog ----------------------------------------------------------------------------------------------------

function open() {
  const close = () => { node.remove(); dialog = null; button.focus(); };
  const body = el("div", { class: "dialog-body faults", tabindex: "0" });
  const node = frame("Faults", "faults-dialog", close,
    el("header", { class: "dialog-head" }, el("div", { class: "dialog-words" }, el("h2", {}, "Faults"), el("p", {}, "Make a platform fail, and see what the bot does.")),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", "data-testid": "faults-close", onclick: close }, icon("close"))),
    body, el("footer", { class: "dialog-foot" }, el("button", { type: "button", class: "button", "data-testid": "faults-clear-all", onclick: clearAll }, "Clear all"),
      el("button", { type: "button", class: "button primary", onclick: close }, "Done")));
  dialog = { draw: () => drawDialog(body) };
  document.getElementById("overlay").append(node);
  dialog.draw();
  body.querySelector("[aria-pressed=true]").focus();
}

function drawDialog(body) {
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  if (!here().includes(chosen.platform)) [chosen.platform] = here();
  const { faults } = PLATFORMS[chosen.platform];
  const choice = (name, label) => el("select", { class: "select", "aria-label": label, "data-testid": `fault-${name}`, onchange: (event) => { chosen[name] = event.target.value; } },
    CHOICES[name].map(([value, words]) => el("option", { value, selected: chosen[name] === value }, words)));
  fill(body,
    el("div", { class: "chips", role: "group", "aria-label": "Platform" }, here().map((name) => el("button", {
      type: "button", class: "chip", "aria-pressed": String(chosen.platform === name), "data-testid": `faults-${name}`,
      onclick: () => { chosen.platform = name; drawDialog(body); } }, PLATFORMS[name].title, waiting(name).length > 0 && el("span", { class: "badge" }, waiting(name).length)))),
    el("p", { class: "sentence" }, "Switch on for ", choice("times", "How many calls"), chosen.platform !== "slack" && [" ", choice("method", "Which method")], "."),
    el("ul", { class: "switches" }, faults.map((fault) => {
      const isOn = waiting(chosen.platform).some((row) => fits(fault.order, row));
      return el("li", {}, el("button", { type: "button", class: "switch-row", role: "switch", "aria-checked": String(isOn), "data-testid": `fault-${fault.id}`,
        onclick: () => flip(chosen.platform, fault, isOn) }, el("span", { class: "switch-words" }, el("strong", {}, fault.title), el("span", {}, fault.detail)), el("span", { class: "switch", "aria-hidden": "true" })));
    })));
  if (focused) body.querySelector(`[data-testid="${focused}"]`)?.focus();
}
