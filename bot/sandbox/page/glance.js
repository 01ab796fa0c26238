// The platforms at a glance: one row each in the sidebar, one key each in the phone's bar. A press opens the panel.

import { appTone } from "./argocd.js";
import { light } from "./changes.js";
import { el, fill, icon } from "./dom.js";
import { feeds, openPulls, runsOf } from "./feeds.js";
import { stateOf } from "./github.js";
import { health, reasonOf } from "./kubernetes.js";
import { tone } from "./parts.js";
import { store } from "./store.js";

const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** The newest run of every workflow and branch. */
function newestRuns() {
  const newest = new Map();
  for (const repo of feeds.github.value ?? []) {
    for (const run of runsOf(repo)) {
      const key = `${repo.name}/${run.workflow}/${run.branch}`;
      const known = newest.get(key);
      if (!known || run.id > known.id || (run.id === known.id && run.attempt > known.attempt)) newest.set(key, run);
    }
  }
  return [...newest.values()];
}

function github() {
  if (feeds.github.missing) return ["off", "not here"];
  const runs = newestRuns();
  const failing = runs.filter((run) => tone(stateOf(run)) === "bad");
  const going = runs.filter((run) => tone(stateOf(run)) === "going");
  const pulls = openPulls();
  const words = [failing.length === 1 ? `${failing[0].workflow} failed` : failing.length > 0 && `${failing.length} runs failed`,
    going.length > 0 && `${plural(going.length, "run")} going`, pulls.length > 0 && `${plural(pulls.length, "pull request")} open`].filter(Boolean);
  if (words.length) return [failing.length ? "bad" : going.length ? "going" : "warn", words.join(", ")];
  if (runs.length) return ["good", `${plural(runs.length, "workflow")} green`];
  const merged = (feeds.github.value ?? []).flatMap((repo) => repo.pulls ?? []).filter((pull) => pull.merged);
  return merged.length ? ["good", `${plural(merged.length, "pull request")} merged`] : ["off", "nothing ran yet"];
}

function argocd() {
  if (feeds.argocd.missing) return ["off", "not here"];
  const apps = feeds.argocd.value ?? [];
  const ill = apps.filter((app) => appTone(app) !== "good");
  if (!apps.length) return ["off", "no applications"];
  if (!ill.length) return ["good", `${plural(apps.length, "application")} healthy`];
  const worst = ill.find((app) => appTone(app) === "bad") ?? ill[0];
  const word = [worst.health, worst.sync, worst.operation?.phase].find((each) => each && tone(each) === appTone(worst));
  return [appTone(worst), `${worst.name}: ${word}${ill.length > 1 ? `, ${ill.length - 1} more` : ""}`];
}

function kubernetes() {
  const rows = feeds.cluster.value ?? [];
  if (!rows.length) return ["off", "no workloads"];
  const ill = rows.filter((row) => health(row) !== "good").sort((a, b) => (health(a) === "bad" ? 0 : 1) - (health(b) === "bad" ? 0 : 1));
  if (!ill.length) return ["good", `${plural(rows.length, "workload")} ready`];
  const [worst] = ill;
  return [health(worst), `${worst.name} ${worst.ready ?? 0}/${worst.desired ?? 0}${reasonOf(worst) ? ` ${reasonOf(worst)}` : ""}${ill.length > 1 ? `, ${ill.length - 1} more` : ""}`];
}

export const PANELS = [
  { name: "github", feed: "github", title: "GitHub", picture: "pull", topic: "Runs, jobs, pull requests", look: github },
  { name: "argocd", feed: "argocd", title: "Argo CD", picture: "sync", topic: "Applications, sync and health", look: argocd },
  { name: "kubernetes", feed: "cluster", title: "Kubernetes", picture: "cluster", topic: "Workloads, limits, pods", look: kubernetes },
  { name: "calls", title: "API calls", picture: "list", topic: "Every call of the bot, as it happens", look: () => ["", "every call of the bot"] },
];

export function drawGlance(list, bar, show, slack) {
  const rows = PANELS.map((panel) => ({ ...panel, state: panel.look() }));
  keepFocus(list, () => fill(list, rows.map((panel) => el("li", {}, row(panel, show)))));
  keepFocus(bar, () => fill(bar, key({ name: "slack", title: "Slack", picture: "thread", state: ["", ""] }, !store.panel, slack),
    rows.map((panel) => key(panel, store.panel === panel.name, () => show(panel.name)))));
}

function keepFocus(node, draw) {
  const name = node.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  draw();
  if (name) node.querySelector(`[data-testid="${name}"]`)?.focus();
}

function row({ name, title, picture, feed, state: [kind, words] }, show) {
  const known = feeds[feed]?.at > 0;
  const here = store.panel === name;
  const node = el("button", { type: "button", class: `channel glance ${here ? "here" : ""}`, "aria-current": here ? "page" : null, "data-testid": `panel-${name}`,
    "data-state": kind, onclick: () => show(name) },
  el("span", { class: "glance-icon" }, icon(picture)), el("span", { class: "glance-words" }, el("span", { class: "channel-name" }, title), el("span", { class: "glance-note", title: words }, words)),
  kind && kind !== "off" && el("span", { class: `light ${kind}`, "aria-hidden": "true" }));
  return known ? light(node, `glance/${name}`, words, { className: "lit-side" }) : node;
}

function key({ name, title, picture, state: [kind, words] }, here, press) {
  return el("button", { type: "button", class: `key ${here ? "here" : ""}`, "aria-current": here ? "page" : null, "data-testid": `key-${name}`, onclick: press, title: words || null },
    el("span", { class: "key-icon" }, icon(picture), (kind === "bad" || kind === "warn") && el("span", { class: `light ${kind}`, "aria-hidden": "true" })), title);
}
