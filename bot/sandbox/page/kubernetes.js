// The cluster's workloads with limits and pods. What changed is lit, and what a limit was at first stays in sight.

import { light } from "./changes.js";
import { el } from "./dom.js";
import { feeds, onChange } from "./feeds.js";
import { nothing, redraw } from "./parts.js";

const PODS = 12;

export function drawKubernetes(node) {
  const { value } = feeds.cluster;
  if (!value) return redraw(node, nothing("Reading…", ""));
  if (!value.length) return redraw(node, nothing("No workloads", "Cause a failure of Kubernetes, and its workloads stand here."));
  for (const row of value) if (health(row) !== "good") wasIll.add(nameOf(row));
  return redraw(node, el("section", { class: "panel-section workloads", "aria-label": "Workloads" },
    [...value].sort((a, b) => wasIll.has(nameOf(b)) - wasIll.has(nameOf(a))).map(workload)));
}

/** What was ill stands first, and stays there when it is well again: nothing jumps away while one looks at it. */
const wasIll = new Set();
const nameOf = (row) => `${row.kind}/${row.namespace}/${row.name}`;

const WORDS = { good: "ready", warn: "serving, but a pod is failing", bad: "not ready" };
const STARTING = ["Pending", "Running", "ContainerCreating", "PodInitializing"];
const DONE = ["Succeeded", "Completed", "Terminating"];
const podState = (pod) => pod.reason || pod.phase;
const podTone = (pod) => (pod.ready || DONE.includes(podState(pod)) ? "good" : STARTING.includes(podState(pod)) ? "going" : "bad");

export function health(row) {
  if (!row.desired || row.ready < row.desired) return "bad";
  return (row.pods ?? []).some((pod) => podTone(pod) === "bad") ? "warn" : "good";
}

/** Why a workload is not well, in the cluster's own word. */
export const reasonOf = (row) => (row.pods ?? []).find((pod) => podTone(pod) === "bad")?.reason ?? "";

function workload(row) {
  const key = nameOf(row);
  const state = health(row);
  const pods = row.pods ?? [];
  const node = el("article", { class: "card workload", "data-testid": "workload", "data-name": row.name, "data-state": state, "data-item": `workload/${row.namespace}/${row.name}` },
    el("div", { class: "card-head" }, el("span", { class: `light ${state}`, role: "img", "aria-label": WORDS[state], title: WORDS[state] }),
      el("span", { class: "card-words" }, el("strong", {}, row.name), el("span", { class: "card-note" }, `${row.kind} in ${row.namespace}`)),
      lit(`${key}/ready`, `${row.ready ?? 0}/${row.desired ?? 0}`, `count count-${state}`)),
    el("dl", { class: "facts" }, (row.containers ?? []).map((container) => containerFacts(key, container))),
    pods.length > 0 && el("ul", { class: "rows pods" }, pods.slice(0, PODS).map((pod) => podRow(key, pod))),
    pods.length > PODS && el("p", { class: "panel-note" }, `${pods.length - PODS} more pods`));
  return light(node, key, state, { fresh: feeds.cluster.shown, className: "lit-card" });
}

function containerFacts(key, container) {
  const facts = [["memory limit", container.memory_limit ?? "none"], ["cpu limit", container.cpu_limit], ["image", container.image]];
  return facts.filter(([, value]) => value).map(([name, value]) => {
    const id = `${key}/${container.name}/${name}`;
    const first = firstLimits.get(id) ?? value;
    return el("div", { class: "limit" }, el("dt", {}, `${container.name} ${name}`),
      el("dd", {}, name === "memory limit" && first !== value && [el("s", { class: "was" }, first), " → "], lit(id, value, "value")));
  });
}

/** Memory limits as they were when the cluster first told of them, whether somebody looked or not. */
const firstLimits = new Map();

onChange((feed) => {
  if (feed !== feeds.cluster) return;
  for (const row of feed.value ?? []) {
    for (const container of row.containers ?? []) {
      const id = `${nameOf(row)}/${container.name}/memory limit`;
      if (!firstLimits.has(id)) firstLimits.set(id, container.memory_limit ?? "none");
    }
  }
});

function podRow(key, pod) {
  const kind = podTone(pod);
  const id = `${key}/${pod.name}`;
  return light(el("li", { "data-testid": "pod", "data-name": pod.name }, el("span", { class: `light ${kind}`, "aria-hidden": "true" }),
    el("span", { class: "pod-name", title: pod.name }, pod.name), el("span", { class: `pod-state pod-${kind}` }, podState(pod)),
    pod.restarts > 0 && el("span", { class: "restarts" }, pod.restarts === 1 ? "1 restart" : `${pod.restarts} restarts`)),
  id, `${podState(pod)}/${pod.restarts}`, { fresh: feeds.cluster.shown, className: "lit-row" });
}

const lit = (key, value, className) => light(el("span", { class: className }, value), key, value);
