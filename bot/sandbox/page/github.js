// GitHub as the sandbox has it: pull requests with diff and merge button, workflow runs with attempts, jobs, steps, logs.

import { post } from "./api.js";
import { light } from "./changes.js";
import { el, icon } from "./dom.js";
import { feeds, runsOf } from "./feeds.js";
import { openJobLog } from "./job_log.js";
import { markdown } from "./markdown.js";
import { badge, fold, heading, mark, nothing, redraw, signedLines, tone } from "./parts.js";
import { store } from "./store.js";
import { toast } from "./toasts.js";

const RUNS = 25;
const LINES = 400;

export function drawGithub(node) {
  const { value, missing } = feeds.github;
  if (missing) return redraw(node, nothing("No GitHub here", "This sandbox was started without one."));
  if (!value) return redraw(node, nothing("Reading…", ""));
  const repos = value.filter((repo) => runsOf(repo).length || repo.pulls?.length);
  if (!repos.length) return redraw(node, nothing("Nothing has run yet", "Cause a failure of GitHub Actions, and its runs and pull requests stand here."));
  return redraw(node, repos.map(repository));
}

function repository(repo) {
  const pulls = [...(repo.pulls ?? [])].sort((a, b) => (b.state === "open") - (a.state === "open") || b.number - a.number);
  const groups = attempts(runsOf(repo));
  return el("section", { class: "panel-section", "data-testid": "repository", "data-name": repo.name, "aria-label": repo.name },
    el("h2", { class: "panel-title" }, icon("repo"), repo.name, el("span", { class: "panel-note" }, repo.default_branch)),
    pulls.length > 0 && heading("Pull requests", `${pulls.filter((pull) => pull.state === "open").length} open`),
    pulls.map((pull) => pullCard(repo, pull)),
    groups.length > 0 && heading("Workflow runs", groups.length),
    groups.slice(0, RUNS).map((group, index) => runCard(repo, group, index)),
    groups.length > RUNS && el("p", { class: "panel-more" }, `${groups.length - RUNS} older runs are not shown.`),
    repo.secrets?.length > 0 && [heading("Secrets", repo.secrets.length), el("ul", { class: "rows" }, repo.secrets.map((secret) =>
      light(el("li", {}, icon("key"), el("code", {}, secret.name), el("span", { class: "panel-note" }, `updated ${when(secret.updated_at)}`)),
        `secret/${repo.name}/${secret.name}`, String(secret.updated_at), { fresh: feeds.github.shown })))]);
}

function when(value) {
  const date = new Date(typeof value === "number" ? value * 1000 : value);
  return Number.isNaN(date.getTime()) ? String(value ?? "") : date.toLocaleTimeString(undefined, { hour12: false });
}

/** Attempts of one run belong together, the newest first; runs stay in the order they came in. */
function attempts(runs) {
  const groups = new Map();
  for (const run of runs) groups.set(run.id, [...(groups.get(run.id) ?? []), run].sort((a, b) => b.attempt - a.attempt));
  return [...groups.values()];
}

export const stateOf = (each) => each.conclusion || each.status || "queued";

function runCard(repo, group, index) {
  const [run, ...earlier] = group;
  const key = `run/${run.id}`;
  const state = stateOf(run);
  const head = el("span", { class: "card-head" }, mark(tone(state)), el("span", { class: "card-words" },
    el("strong", {}, run.title || run.workflow),
    el("span", { class: "card-note" }, [run.workflow, run.branch, run.event, run.actor && `by ${run.actor}`].filter(Boolean).join(" · "))),
  run.attempt > 1 && el("span", { class: "pill" }, `attempt ${run.attempt}`), badge(state));
  const node = fold(key, index === 0, head,
    (run.jobs ?? []).map((job) => jobRow(repo, run, job)), !run.jobs?.length && el("p", { class: "panel-note" }, "No jobs yet."),
    earlier.map((each) => el("div", { class: "attempt" }, el("p", { class: "attempt-head" }, `Attempt ${each.attempt}`, badge(stateOf(each))),
      (each.jobs ?? []).map((job) => jobRow(repo, each, job)))));
  node.dataset.testid = "run";
  node.dataset.id = run.id;
  node.dataset.state = state;
  return light(node, key, `${run.attempt}/${state}`, { fresh: feeds.github.shown, className: "lit-card" });
}

function jobRow(repo, run, job) {
  const state = stateOf(job);
  const key = `job/${job.id}`;
  return light(el("div", { class: "job", "data-testid": "job", "data-name": job.name, "data-state": state, "data-item": key },
    el("div", { class: "job-head" }, mark(tone(state)), el("strong", {}, job.name), el("span", { class: "job-state" }, state.replaceAll("_", " ")),
      el("button", { type: "button", class: "button small", "data-testid": "job-log", "data-key": key, "aria-label": `Log of ${job.name}`,
        onclick: (event) => openJobLog(event.currentTarget, job, `${repo.name} · ${run.workflow}`) }, "Log")),
    job.steps?.length > 0 && el("ol", { class: "steps" }, job.steps.map((step) => {
      const word = step.conclusion || step.status || "queued";
      return el("li", { class: `step step-${tone(word)}` }, mark(tone(word)), el("span", {}, step.name), tone(word) === "bad" && el("span", { class: "step-word" }, word));
    }))), key, state, { className: "lit-row" });
}

// --- pull requests -------------------------------------------------------------------------------------------------

function pullCard(repo, pull) {
  const key = `pull/${repo.name}/${pull.number}`;
  const state = pull.merged ? "merged" : pull.state;
  const head = el("span", { class: "card-head" }, el("span", { class: `mark mark-${state}`, "aria-hidden": "true" }, icon("pull")), el("span", { class: "card-words" },
    el("strong", {}, pull.title), el("span", { class: "card-note" }, `#${pull.number} · ${pull.branch} → ${pull.base} · by ${pull.author}`)),
  el("span", { class: `state state-${state}` }, state));
  const node = fold(key, pull.state === "open", head,
    pull.body && markdown(pull.body),
    (pull.diff ?? []).map(file),
    pull.state === "open" && decision(repo, pull, key));
  node.dataset.testid = "pull";
  node.dataset.number = pull.number;
  node.dataset.state = state;
  return light(node, key, state, { fresh: feeds.github.shown, className: "lit-card" });
}

function file({ path, lines }) {
  const count = (sign) => lines.filter((line) => line.sign === sign).length;
  return el("figure", { class: "file" }, el("figcaption", {}, icon("file"), el("span", { class: "file-path" }, path),
    el("span", { class: "plus" }, `+${count("+")}`), el("span", { class: "minus" }, `−${count("-")}`)),
  signedLines(lines.slice(0, LINES)), lines.length > LINES && el("p", { class: "panel-note" }, `${lines.length - LINES} more lines.`));
}

function decision(repo, pull, key) {
  const blocked = pull.mergeable === false;
  return el("div", { class: "decision" },
    el("button", { type: "button", class: "button primary", disabled: blocked, "data-testid": "merge", "data-key": `${key}/merge`,
      onclick: (event) => decide(event.currentTarget, "merge", repo, pull) }, icon("pull"), "Merge pull request"),
    el("button", { type: "button", class: "button", "data-testid": "close-pull", "data-key": `${key}/close`,
      onclick: (event) => decide(event.currentTarget, "close_pull", repo, pull) }, "Close"),
    el("span", { class: "panel-note" }, blocked ? "It conflicts with its base and cannot be merged." : `As ${store.people.get(store.me)?.real_name ?? "you"}`));
}

async function decide(button, what, repo, pull) {
  if (button.classList.contains("busy")) return;
  button.classList.add("busy");
  const answer = await post(what, { repo: repo.name, number: pull.number, user: store.me });
  button.classList.remove("busy");
  if (!answer.ok) return toast(answer.error, "error");
  toast(what === "merge" ? `Merged #${pull.number}` : `Closed #${pull.number}`);
  return feeds.github.ask();
}
