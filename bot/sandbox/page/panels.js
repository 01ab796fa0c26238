// The sidebar: channels with unread dots, the app, the cluster, and the person one is.

import { avatar, el, fill } from "./dom.js";
import { myChannels, store } from "./store.js";

export function drawChannels(list, go) {
  fill(list, myChannels().map((channel) => {
    const unread = store.unread.has(`${store.me}/${channel.id}`);
    const here = store.place === channel.id;
    return el("li", {}, el("button", {
      type: "button", class: `channel ${here ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": here ? "page" : null,
      "data-testid": `channel-${channel.name}`, "data-channel-id": channel.id, onclick: () => go(channel.id),
    }, el("span", { class: "hash", "aria-hidden": "true" }, channel.kind === "group" ? "🔒" : "#"), el("span", { class: "channel-name" }, channel.name),
    unread && el("span", { class: "dot", role: "img", "aria-label": "unread" })));
  }));
}

export function drawApps(list, go) {
  const here = store.place === "home" || store.place === "dm";
  const unread = store.unread.has(`${store.me}/dm`);
  fill(list, el("li", {}, el("button", {
    type: "button", class: `channel app ${here ? "here" : ""} ${unread ? "unread" : ""}`, "aria-current": here ? "page" : null,
    "data-testid": "app-home", onclick: () => go("home"),
  }, avatar("CodeHealer", true), el("span", { class: "channel-name" }, "CodeHealer"), unread && el("span", { class: "dot", role: "img", "aria-label": "unread" }))));
}

export function drawPerson(button) {
  const person = store.people.get(store.me);
  if (!person) return;
  fill(button, avatar(person.real_name), el("span", { class: "me-words" },
    el("strong", {}, person.real_name), el("span", {}, person.is_restricted ? "guest" : `@${person.name}`)), el("span", { class: "me-switch" }, "Switch"));
  button.setAttribute("aria-label", `You are ${person.real_name}. Switch person`);
}

const before = new Map();

/** Workloads with their limits and pods; what changed since the last drawing is lit for a moment. */
export function drawCluster(node) {
  if (!store.workloads) return;
  if (!store.workloads.length) {
    fill(node, el("p", { class: "cluster-empty" }, "No workloads. Cause a failure to fill it."));
    return;
  }
  fill(node, [...store.workloads].sort((a, b) => rank(health(a)) - rank(health(b))).map(workload));
}

const rank = (state) => ["bad", "warn", "good"].indexOf(state);

function health(row) {
  if (!row.desired || row.ready < row.desired) return "bad";
  return (row.pods ?? []).some((pod) => pod.reason && !podIsFine(pod)) ? "warn" : "good";
}

const podIsFine = (pod) => pod.ready || ["Succeeded", "Completed", "Terminating"].includes(pod.reason || pod.phase);
const WORDS = { good: "ready", warn: "serving, but a pod is failing", bad: "not ready" };

function workload(row) {
  const key = `${row.kind}/${row.namespace}/${row.name}`;
  const state = health(row);
  return el("article", { class: "workload", "data-testid": "workload", "data-name": row.name },
    el("div", { class: "workload-head" },
      el("span", { class: `light ${state}`, role: "img", "aria-label": WORDS[state], title: WORDS[state] }),
      el("strong", { title: `${row.kind} ${row.namespace}/${row.name}` }, row.name),
      lit(`${key}/ready`, `${row.ready ?? 0}/${row.desired ?? 0}`, "count")),
    el("p", { class: "workload-place" }, `${row.kind} in ${row.namespace}`),
    (row.containers ?? []).map((container) => el("p", { class: "limit" }, `${container.name} limit `,
      lit(`${key}/${container.name}`, container.memory_limit ?? "none", "value", true))),
    el("ul", { class: "pods" }, (row.pods ?? []).slice(0, 6).map((pod) => podRow(key, pod))));
}

function podRow(key, pod) {
  const state = pod.reason || pod.phase;
  return el("li", { title: pod.name }, el("span", { class: `pod-state ${podIsFine(pod) ? "good" : "bad"}` }, state),
    pod.restarts > 0 && lit(`${key}/${pod.name}/restarts`, pod.restarts === 1 ? "1 restart" : `${pod.restarts} restarts`, "restarts"));
}

/** A value that is lit for three seconds after it changed; `was` also shows what it was at first. */
function lit(key, value, className, was = false) {
  const known = before.get(key) ?? { first: value, value, at: 0 };
  if (known.value !== value) Object.assign(known, { value, at: Date.now() });
  before.set(key, known);
  const age = Date.now() - known.at;
  const node = el("span", { class: `${className} ${age < 3000 ? "lit" : ""}` }, value);
  if (age < 3000) node.style.setProperty("animation-delay", `-${age}ms`);
  return was && known.first !== value ? [el("s", { class: "was" }, known.first), " ", node] : node;
}
