// Argo CD's applications: sync and health, the last operation, conditions, and the resources that are not well.

import { light } from "./changes.js";
import { el, icon } from "./dom.js";
import { feeds } from "./feeds.js";
import { badge, fold, nothing, redraw, tone } from "./parts.js";

export function drawArgocd(node) {
  const { value, missing } = feeds.argocd;
  if (missing) return redraw(node, nothing("No Argo CD here", "This sandbox was started without one."));
  if (!value) return redraw(node, nothing("Reading…", ""));
  if (!value.length) return redraw(node, nothing("No applications", "Cause a failure of Argo CD, and its application stands here."));
  for (const app of value) if (appTone(app) !== "good") wasIll.add(app.name);
  return redraw(node, el("section", { class: "panel-section", "aria-label": "Applications" }, [...value].sort((a, b) => wasIll.has(b.name) - wasIll.has(a.name)).map(application)));
}

const ORDER = ["bad", "warn", "going", "off", "good"];
export const appTone = (app) => [tone(app.health), tone(app.sync), tone(app.operation?.phase || "Synced")].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))[0];
const wasIll = new Set(); // they stand first, and stay there when they are well again

function application(app) {
  const key = `app/${app.name}`;
  const state = `${app.sync}/${app.health}/${app.operation?.phase}/${app.revision}`;
  const head = el("span", { class: "card-head" }, el("span", { class: `light ${appTone(app)}`, "aria-hidden": "true" }), el("span", { class: "card-words" },
    el("strong", {}, app.name), el("span", { class: "card-note" },
      [`project ${app.project}`, app.revision && `at ${String(app.revision).slice(0, 8)}`, app.auto_sync ? "auto-sync" : "manual sync"].filter(Boolean).join(" · "))),
  lit(`${key}/sync`, badge(app.sync)), lit(`${key}/health`, badge(app.health)));
  const node = fold(key, appTone(app) !== "good", head,
    app.health_message && el("p", { class: "panel-words" }, app.health_message),
    app.operation?.phase && el("div", { class: "said" }, el("p", { class: "said-head" }, "Last operation", badge(app.operation.phase)),
      app.operation.message && el("pre", { tabindex: "0", "aria-label": "Message of the operation" }, el("code", {}, app.operation.message))),
    (app.conditions ?? []).map((condition) => el("div", { class: "said said-warn" }, el("p", { class: "said-head" }, icon("alert"), condition.type),
      el("p", { class: "panel-words" }, condition.message))),
    app.resources?.length > 0 && el("ul", { class: "rows resources" }, [...app.resources].sort((a, b) => bad(b) - bad(a)).map((each) => resource(key, each))));
  node.dataset.testid = "application";
  node.dataset.name = app.name;
  node.dataset.sync = app.sync;
  node.dataset.health = app.health;
  return light(node, key, state, { fresh: feeds.argocd.shown, className: "lit-card" });
}

const lit = (key, node) => light(node, key, node.textContent);
const bad = (each) => Number(["bad", "warn"].includes(tone(each.health || each.sync)) || ["bad", "warn"].includes(tone(each.sync)));

function resource(key, each) {
  const id = `${key}/${each.kind}/${each.namespace}/${each.name}`;
  return light(el("li", { "data-testid": "resource", "data-name": each.name }, el("span", { class: "kind" }, each.kind),
    el("span", { class: "row-words" }, el("strong", {}, each.name), each.namespace && el("span", { class: "panel-note" }, ` in ${each.namespace}`),
      each.message && el("span", { class: "row-message" }, each.message)),
    el("span", { class: "row-states" }, each.sync && badge(each.sync), each.health && badge(each.health))),
  id, `${each.sync}/${each.health}/${each.message}`, { fresh: feeds.argocd.shown, className: "lit-row" });
}
