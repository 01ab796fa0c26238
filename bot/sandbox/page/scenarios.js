// The menu of failures to cause, by platform; a twin stands under its scenario as the variant in which the fix does not help.

import { get, post } from "./api.js";
import { icon } from "./dom.js";
import { openMenu } from "./menu.js";
import { toast } from "./toasts.js";

const GROUPS = [["kubernetes", "Kubernetes"], ["github", "GitHub Actions"], ["argocd", "Argo CD"]];
const caused = new Set();

export async function listScenarios() {
  const answer = await get("scenarios").catch(() => ({}));
  return answer.scenarios ?? [];
}

const related = (one, other) => one.twin === other.name || other.twin === one.name;

/** Scenarios of one platform; one whose fix fails stands right behind its twin whose fix helps. */
function inPairs(all) {
  const isVariant = (each) => each.verdict === "failed" && all.some((other) => other.verdict === "passed" && related(each, other));
  return all.filter((each) => !isVariant(each)).flatMap((each) => [each,
    ...(each.verdict === "passed" ? all.filter((other) => isVariant(other) && related(each, other)).map((other) => ({ ...other, under: true })) : [])]);
}

/** Under the button; cause(scenario) is called for the chosen one. */
export async function openScenarios(button, cause) {
  const all = await listScenarios();
  const others = all.filter((each) => !GROUPS.some(([platform]) => platform === each.platform));
  const groups = [...GROUPS.map(([platform, title]) => [title, all.filter((each) => each.platform === platform)]), [others.length < all.length ? "Others" : "", others]];
  const items = groups.filter(([, list]) => list.length).flatMap(([title, list]) => [title && { group: title }, ...inPairs(list).map((scenario) => item(scenario, cause))]);
  const over = all.filter((scenario) => caused.has(scenario.name)).map((scenario) => ({
    title: `Recover: ${scenario.title}`, detail: "Posts what the alerting app says when it is over.", picture: icon("check"), testid: `recover-${scenario.name}`, run: () => recover(scenario),
  }));
  openMenu(button, "Scenarios", [...items.filter(Boolean), ...(over.length ? [{ group: "Over again" }, ...over] : [])]);
}

function item(scenario, cause) {
  return {
    title: scenario.title, note: scenario.under ? "the fix does not help" : "", detail: scenario.description, picture: icon(scenario.under ? "minus" : "bolt"), under: scenario.under,
    testid: `scenario-${scenario.name}`, run: () => cause(scenario),
  };
}

/** Cause it; gives {ok, channel, ts}. */
export async function causeScenario(scenario) {
  const answer = await post("cause", { scenario: scenario.name });
  if (!answer.ok) toast(answer.error, "error");
  else {
    caused.add(scenario.name);
    toast(`Caused: ${scenario.title}`);
  }
  return answer;
}

async function recover(scenario) {
  const answer = await post("recover", { scenario: scenario.name });
  toast(answer.ok ? `Recovery posted: ${scenario.title}` : answer.error, answer.ok ? "info" : "error");
}
