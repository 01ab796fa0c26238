// The two-minute tour: a small card beside what it speaks of. It follows what the person does, never blocks a click,
// and remembers that it was seen.

import { el, fill, icon } from "./dom.js";
import { feeds, openPulls } from "./feeds.js";

const KEY = "codehealer.tour";
const GAP = 14;

let doers = {};
let steps = [];
let at = -1;
let card = null;
let ring = null;
let looking = false;
let caused = "";
let side = ""; // where the card stands on a phone; chosen once a step, when its target is there, so that it does not jump
let shownEnd = false; // whether that was brought into sight
let settled = false; // whether what a step waits for has come, and the person reads it

const one = (selector) => [...document.querySelectorAll(selector)].filter((node) => node.getClientRects().length).at(-1) ?? null;
const threadSays = (pattern) => [...document.querySelectorAll("#replies .message-main")].some((node) => pattern.test(node.textContent));
const REVIEW = "#replies [data-action-id=heal_review]";
const ENDED = /Verified|Verification failed|Escalated/;

function healing(scenario) {
  return [
    { title: "Break something", words: `“${scenario.title}”. ${scenario.description}`, target: () => one("#cause"),
      next: "Cause it", run: () => doers.cause(scenario), done: () => caused === scenario.name },
    { title: "The bot reads the alert", words: "An alerting app posted it. CodeHealer gathers evidence from the platform itself and answers in the alert's thread.",
      target: () => one("#replies .message.from-app:last-of-type") ?? one("#thread"), done: () => Boolean(one(REVIEW)) },
    { title: "The card", words: "What broke, why, how sure, with the lines that prove it. Then one proposed fix, its risk and how to undo it. Press Review fix.",
      target: () => one(REVIEW), done: () => Boolean(one("[data-testid=modal]")) },
    { title: "What would happen, exactly", words: "The change as a diff and the very request. Nothing runs before a person approves it. Press Approve.",
      target: () => one("[data-testid=modal-submit]"), near: () => one("[data-testid=modal]"), done: () => !one("[data-testid=modal-submit]") && !one(REVIEW) },
  ];
}

function watching() {
  return { title: "Watch it verify", words: "The bot does it once, then looks whether it helped. The cluster's side is here; what changed lights up.",
    target: () => (one(".workload .was") ?? one(".workload"))?.closest(".workload") ?? one("#panel"), enter: () => doers.closeModal().then(() => doers.show("kubernetes")), done: () => threadSays(ENDED), after: "There it is, in the thread: what was checked, and what was seen." };
}

function merging() {
  return [
    { title: "The fix waits for a merge", words: "This one is a pull request. Its body says why, its diff says what. Read it, then press Merge pull request.",
      target: () => one("[data-testid=merge]") ?? one("#panel"), enter: () => doers.closeModal().then(() => doers.show("github")), done: () => caused !== "" && feeds.github.value !== null && !openPulls().length && pullSeen },
    { title: "Argo CD takes it up", words: "It syncs the merged change, and the bot verifies the application's health before it says so in the thread.",
      target: () => one("[data-item^='app/']") ?? one("#panel"), enter: () => doers.show("argocd"), done: () => threadSays(ENDED), after: "The thread says how it ended, and what Argo CD showed." },
  ];
}

const last = { title: "That was it", words: "Each failure has a twin in which the fix does not help: see the bot say so. Switch on faults and watch it stay honest. API calls shows all it did. You find this tour again in the sidebar.",
  target: () => one("#faults"), next: "Done", run: () => finish() };
let pullSeen = false;

/** which scenarios the tour uses: one that heals by itself, and one that ends in a pull request. */
function choose(scenarios) {
  const heals = scenarios.filter((each) => each.verdict === "passed");
  const first = heals.find((each) => each.name === "oom-killed") ?? heals.find((each) => each.platform === "kubernetes") ?? scenarios[0];
  const second = heals.find((each) => each.platform === "argocd" && !feeds.argocd.missing);
  return [first, second && second !== first ? second : null];
}

/** Set up once: `functions` are {scenarios, cause, show, toThread, closeModal}. Offers itself at the first visit. */
export async function setUpTour(button, functions) {
  doers = functions;
  button.addEventListener("click", () => start(true));
  if (!localStorage.getItem(KEY)) await start(false);
}

/** A scenario was caused, by whom ever: an offered tour folds away, a running one goes on. */
export function tourHears(name) {
  caused = name;
  pullSeen = false;
  if (at === 0) stop();
}

async function start(byPerson) {
  stop();
  const [first, second] = choose(await doers.scenarios());
  if (!first) return;
  caused = "";
  const welcome = { title: "Two minutes with CodeHealer", words: "Break something on purpose, let the bot find out why, approve its fix, and watch it check that the fix helped. Everything here runs on this machine.",
    target: () => null, next: "Start" };
  steps = [welcome, ...healing(first), watching(), ...(second ? [...healing(second).map((step, index) => (index ? step : { ...step, title: "Now one that needs a merge" })), ...merging()] : []), last];
  ring = el("div", { class: "tour-ring", hidden: true });
  card = el("section", { class: "tour", role: "dialog", "aria-label": "Tour", "aria-live": "polite", "data-testid": "tour",
    onkeydown: (event) => { if (event.key === "Escape") { event.stopPropagation(); finish(); } } });
  document.getElementById("tour-slot").append(ring, card);
  go(0, byPerson);
  observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ["hidden", "class", "open"] });
  addEventListener("resize", look);
  document.addEventListener("scroll", look, true);
}

function stop() {
  observer.disconnect();
  removeEventListener("resize", look);
  document.removeEventListener("scroll", look, true);
  card?.remove();
  ring?.remove();
  card = ring = null;
  makeRoom("", 0);
  at = -1;
}

function finish() {
  localStorage.setItem(KEY, "seen");
  const hadFocus = card?.contains(document.activeElement);
  stop();
  if (hadFocus) document.getElementById(narrow() ? "menu-button" : "tour-button").focus();
}

async function go(to, focus) {
  at = to;
  side = "";
  settled = shownEnd = false;
  const step = steps[at];
  draw(step, focus);
  await step.enter?.();
  look();
}

function draw(step, focus) {
  const waits = step.done && !step.run && !settled;
  const next = el("button", { type: "button", class: `button ${waits ? "" : "primary"}`, "data-testid": "tour-next", onclick: () => press(step) }, step.next ?? "Next");
  fill(card, el("header", { class: "tour-head" }, el("strong", {}, step.title),
    el("button", { type: "button", class: "icon-button", "aria-label": "Close the tour", "data-testid": "tour-skip", onclick: finish }, icon("close"))),
  el("p", {}, settled ? step.after : step.words),
  el("footer", { class: "tour-foot" }, el("span", { class: "panel-note", "data-testid": "tour-step" }, `${at + 1} of ${steps.length}`),
    waits && el("span", { class: "tour-waits" }, "waiting…"),
    at > 0 && at < steps.length - 1 && el("button", { type: "button", class: "button plain", onclick: finish }, "Skip"), next));
  card.dataset.step = step.title;
  if (focus) next.focus();
}

async function press(step) {
  const now = at;
  await step.run?.();
  if (card && at === now && at < steps.length - 1) await go(at + 1, true);
}

// --- following what happens ----------------------------------------------------------------------------------------

const observer = new MutationObserver((changes) => {
  if (changes.some((change) => !card?.contains(change.target) && change.target !== ring)) look();
});

/** Look once in the next frame: has the step's moment come, and where is what it speaks of? */
function look() {
  if (looking || !card) return;
  looking = true;
  requestAnimationFrame(() => {
    looking = false;
    if (!card) return;
    if (openPulls().length) pullSeen = true;
    const step = steps[at];
    if (at > 0 && !settled && step.done?.()) {
      const focus = card.contains(document.activeElement);
      if (!step.after) {
        go(at + 1, focus);
        return;
      }
      settled = true;
      if (narrow()) doers.toThread();
      draw(step, focus);
    }
    place(settled ? one("#replies .message:last-of-type") : step.target(), step.near?.());
    if (settled && !shownEnd) {
      shownEnd = true;
      one("#replies .message:last-of-type")?.scrollIntoView({ block: "end" });
    }
  });
}

/** Ring the target, and put the card beside it, or beside `near` where the target stands in something that is read. */
function place(target, near) {
  const box = target?.getBoundingClientRect();
  const seen = Boolean(box) && box.bottom > 0 && box.top < innerHeight;
  ring.hidden = !seen || box.height > innerHeight * 0.7;
  if (seen) for (const [name, value] of [["top", box.top - 5], ["left", box.left - 5], ["width", box.width + 10], ["height", box.height + 10]]) ring.style.setProperty(name, `${value}px`);
  const { width, height } = card.getBoundingClientRect();
  const spot = seen && !narrow() ? beside((near ?? target).getBoundingClientRect(), width, height) : null;
  card.classList.toggle("tour-floating", Boolean(spot));
  card.style.setProperty("left", spot ? `${spot[0]}px` : "");
  card.style.setProperty("top", spot ? `${spot[1]}px` : "");
  if (seen) side ||= box.top > innerHeight / 2 ? "top" : "bottom";
  card.classList.toggle("tour-top", narrow() && side === "top");
  makeRoom(narrow() ? side || "bottom" : "", height + GAP);
}

const narrow = () => innerWidth <= 860;

/** On a phone the page gives way to the card: nothing lies under it. */
function makeRoom(where, height) {
  const { style } = document.documentElement;
  for (const each of ["top", "bottom"]) {
    const wanted = each === where ? `${Math.ceil(height)}px` : "0px";
    if (style.getPropertyValue(`--tour-${each}`) === wanted) continue;
    style.setProperty(`--tour-${each}`, wanted);
    look(); // what it speaks of has moved
  }
}

/** A free place next to the box: left, below, above, right of it; null when there is none (a phone). */
function beside(box, width, height) {
  const within = (low, value, high) => Math.max(low, Math.min(value, high));
  const x = within(GAP, box.left + box.width / 2 - width / 2, innerWidth - width - GAP);
  const y = within(GAP, box.top + box.height / 2 - height / 2, innerHeight - height - GAP);
  const spots = [[box.left - width - GAP, y], [x, box.bottom + GAP], [x, box.top - height - GAP], [box.right + GAP, y]];
  return spots.find(([left, top]) => left >= GAP && top >= GAP && left + width <= innerWidth - GAP && top + height <= innerHeight - GAP) ?? null;
}
