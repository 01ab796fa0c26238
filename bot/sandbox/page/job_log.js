// The log of a job, as GitHub shows it: numbered, its own marks coloured, the first error in sight.

import { get } from "./api.js";
import { frame } from "./dialog.js";
import { el, fill, icon } from "./dom.js";

const SHOWN = 4_000;
const STAMP = /^\uFEFF?\d{4}-\d\d-\d\dT[\d:.]{8,20}Z ?/;
const ANSI = /\u001b\[[\d;]{0,20}[A-Za-z]/g;
const MARK = /^(?:##)?\[(error|warning|notice|group|endgroup|command|section|debug)\]/;

/** Open the log at `line` of the failed step (from 1, as `#step:N:LINE` counts it), else at the first error. */
export async function openJobLog(back, job, place, line = 0) {
  const body = el("div", { class: "log-lines", tabindex: "0", role: "log", "aria-label": `Log of ${job.name}`, "data-testid": "log-lines" }, "Reading…");
  const search = el("input", { type: "search", class: "text-input", placeholder: "Only lines with…", "aria-label": "Only lines with" });
  const close = () => { node.remove(); if (back?.isConnected) back.focus(); };
  const node = frame(`Log of ${job.name}`, "job-log-dialog", close,
    el("header", { class: "dialog-head" }, el("div", { class: "dialog-words" }, el("h2", {}, job.name), el("p", {}, place)),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", "data-testid": "log-close", onclick: close }, icon("close"))),
    el("div", { class: "log-tools" }, search, el("span", { class: "panel-note", role: "status" })), body);
  node.querySelector(".dialog").classList.add("wide");
  document.getElementById("overlay").append(node);
  node.querySelector("[data-testid=log-close]").focus();
  const answer = await get(`github_log?job=${encodeURIComponent(job.id)}`).catch(() => ({ ok: false, error: "The sandbox is not running." }));
  const lines = answer.ok ? read(answer.log) : [];
  const here = line && lineOf(lines, line);
  const count = node.querySelector(".log-tools .panel-note");
  if (!answer.ok) fill(body, el("p", { class: "panel-note" }, answer.error));
  const draw = () => {
    const wanted = search.value.toLowerCase();
    const found = wanted ? lines.filter((each) => each.text.toLowerCase().includes(wanted)) : lines;
    fill(body, found.slice(-SHOWN).map((each) => row(each, here)));
    count.textContent = found.length > SHOWN ? `The last ${SHOWN} of ${found.length} lines` : `${found.length} lines`;
  };
  if (answer.ok) draw();
  search.addEventListener("input", draw);
  (body.querySelector(".log-here") ?? body.querySelector(".log-error"))?.scrollIntoView({ block: "center" });
}

/** The number, in the whole log, of a line of the failed step: the last one that began before the first error. */
function lineOf(lines, line) {
  const error = lines.findIndex((each) => each.kind === "error");
  const begin = lines.slice(0, error + 1).findLast((each) => each.kind === "group" && each.text.startsWith("Run "));
  return begin ? begin.number + line - 1 : 0;
}

function read(log) {
  const lines = String(log ?? "").replace(/\n$/, "").split("\n");
  return lines.map((raw, index) => {
    const plain = raw.replace(/\r$/, "").replace(STAMP, "").replace(ANSI, "");
    const found = MARK.exec(plain);
    const isMark = found && (plain.startsWith("##") || found[1] === "command");
    return { number: index + 1, kind: isMark ? found[1] : "", text: isMark ? plain.slice(found[0].length) : plain };
  }).filter((each) => each.kind !== "endgroup");
}

function row({ number, kind, text }, line) {
  return el("div", { class: `log-line ${kind ? `log-${kind}` : ""} ${number === line ? "log-here" : ""}` },
    el("span", { class: "log-number" }, number), el("span", { class: "log-text" }, text || " "));
}
