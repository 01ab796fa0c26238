// Wires the page together: state, stream, places, menus.

import { get, listen, post } from "./api.js";
import { drawArgocd } from "./argocd.js";
import { composer } from "./composer.js";
import { drawHome, drawModal, openLog } from "./dialog.js";
import { avatar, el, fill, icon } from "./dom.js";
import { faultsChanged, setUpFaults } from "./faults.js";
import { feeds, readAll, slack, watch } from "./feeds.js";
import { drawGithub } from "./github.js";
import { drawGlance, PANELS } from "./glance.js";
import { drawInspector } from "./inspector.js";
import { openJobLog } from "./job_log.js";
import { drawKubernetes } from "./kubernetes.js";
import { catchLinks } from "./links.js";
import { closeMenu, openMenu } from "./menu.js";
import { MessageList } from "./messages.js";
import { drawApps, drawChannels, drawPerson } from "./panels.js";
import { unfold } from "./parts.js";
import { causeScenario, listScenarios, openScenarios } from "./scenarios.js";
import { humans, inThread, load, me, myChannels, myDm, putChannel, store, topView } from "./store.js";
import { toast } from "./toasts.js";
import { setUpTour, tourHears } from "./tour.js";

const $ = (id) => document.getElementById(id);
const list = new MessageList($("messages"), openThread, () => $("cause").click());
const replies = new MessageList($("replies"), () => {});
const DRAW = { github: drawGithub, argocd: drawArgocd, kubernetes: drawKubernetes, calls: drawInspector };
const FEEDS = Object.fromEntries(PANELS.map((panel) => [panel.name, panel.feed]));
const channelOf = () => (store.place === "dm" ? myDm() : store.channels.get(store.place));

const mainComposer = composer(() => ({
  channel: channelOf()?.id, thread: "", label: store.place === "dm" ? "Message CodeHealer" : `Message #${channelOf()?.name ?? ""}`,
}), "composer");
const threadComposer = composer(() => ({ channel: channelOf()?.id, thread: store.thread, label: "Reply…" }), "thread-composer");

// --- drawing -------------------------------------------------------------------------------------------------------

function draw() {
  const panel = PANELS.find((each) => each.name === store.panel);
  const isHome = !panel && store.place === "home";
  const isApp = !panel && (isHome || store.place === "dm");
  const channel = channelOf();
  drawChannels($("channels"), go);
  drawApps($("apps"), go);
  drawPerson($("person"));
  drawGlance($("platforms"), $("keys"), show, toSlack);
  $("place").textContent = panel?.title ?? (isApp ? "CodeHealer" : `#${channel?.name ?? ""}`);
  $("topic").textContent = panel?.topic ?? (isApp ? "" : channel?.topic ?? "");
  $("tabs").hidden = !isApp;
  if (isApp) fill($("tabs"), tab("home", "Home"), tab("dm", "Messages"));
  $("home").hidden = !isHome;
  $("messages").hidden = isHome || Boolean(panel);
  $("composer").hidden = isHome || Boolean(panel);
  $("shell").classList.toggle("with-panel", Boolean(panel));
  drawPanel();
  if (isHome) drawHome($("home"));
  else if (!panel) list.draw(channel);
  drawThread(channel);
  mainComposer.refresh();
  threadComposer.refresh();
  drawStatus();
}

/** Each panel keeps its own node, so that it is where one left it. */
function drawPanel() {
  $("panel").hidden = !store.panel;
  for (const node of $("panel").children) node.hidden = node.dataset.panel !== store.panel;
  if (!store.panel) return;
  const known = [...$("panel").children].find((node) => node.dataset.panel === store.panel);
  const node = known ?? el("div", { class: "panel-page", "data-panel": store.panel, "data-testid": store.panel === "kubernetes" ? "cluster" : `${store.panel}-panel`, tabindex: "0", role: "group", "aria-label": $("place").textContent });
  if (!known) $("panel").append(node);
  const feed = feeds[FEEDS[store.panel]];
  const stamp = `${feed?.at}/${feed?.missing}/${store.me}`;
  if (feed && node.stamp === stamp) return;
  node.stamp = stamp;
  DRAW[store.panel](node);
  if (feed?.value) feed.shown = true;
}

function tab(place, label) {
  const here = store.place === place;
  return el("button", { type: "button", role: "tab", class: "tab", "aria-selected": String(here), "data-testid": `tab-${place}`, onclick: () => go(place) }, label);
}

function drawThread(channel) {
  const open = Boolean(store.thread && channel?.messages.has(store.thread));
  $("thread").hidden = !open;
  $("shell").classList.toggle("with-thread", open);
  if (!open) return;
  $("thread-place").textContent = store.place === "dm" ? "CodeHealer" : `#${channel.name}`;
  replies.draw(channel, store.thread);
}

function drawStatus() {
  const node = $("connection");
  node.textContent = !store.live ? "Sandbox stopped" : store.connections ? "Bot connected" : "Bot offline";
  node.className = `connection ${store.live && store.connections ? "on" : "off"}`;
  fill($("log-button"), icon("file"), "App log", store.refusals > 0 && el("span", { class: "badge" }, store.refusals));
}

// --- places --------------------------------------------------------------------------------------------------------

async function go(place) {
  Object.assign(store, { place, panel: "", thread: "" });
  openDrawer(false);
  store.unread.delete(`${store.me}/${place}`);
  if (place === "home" || place === "dm") {
    post("home", { user: store.me, tab: place === "home" ? "home" : "messages" });
    if (place === "dm") store.unread.delete(`${store.me}/dm`);
  }
  draw();
  if (place !== "home") mainComposer.input.focus();
}

/** Show a platform's panel; the thread stays open beside it. */
function show(panel) {
  store.panel = panel;
  openDrawer(false);
  if (panel === "calls") for (const feed of [slack, ...Object.values(feeds)]) feed.ask();
  draw();
}

function toSlack() {
  store.panel = "";
  draw();
}

/** Open what a link into the sandbox's own platforms points at. */
async function openItem({ panel, item }) {
  show(panel);
  const feed = feeds[FEEDS[panel]];
  await feed?.ask();
  if (!item) return;
  const keys = item.keys ?? [item.key];
  keys.forEach(unfold);
  delete [...$("panel").children].find((node) => node.dataset.panel === panel).stamp;
  drawPanel();
  const found = keys.map((key) => $("panel").querySelector(`[data-item="${CSS.escape(key)}"]`)).find(Boolean);
  found?.scrollIntoView({ block: "start" });
  found?.querySelector("summary")?.focus({ preventScroll: true });
  const run = item.job && (feeds.github.value ?? []).flatMap((repo) => repo.runs).find((each) => each.jobs?.some((job) => String(job.id) === item.job));
  if (run) openJobLog(found?.querySelector("summary"), run.jobs.find((job) => String(job.id) === item.job), run.workflow, item.line);
}

function openDrawer(open) {
  const was = $("shell").classList.contains("drawer");
  $("shell").classList.toggle("drawer", open);
  $("menu-button").setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".sidebar .channel")?.focus();
  else if (was) $("menu-button").focus();
}

function openThread(ts) {
  store.thread = ts;
  draw();
  threadComposer.input.focus();
}

function closeThread() {
  store.thread = "";
  draw();
}

function become(person) {
  store.me = person;
  sessionStorage.setItem("me", me()?.name ?? "");
  if (store.place !== "home" && store.place !== "dm" && !myChannels().some((channel) => channel.id === store.place)) {
    store.place = myChannels()[0]?.id ?? "home";
    store.thread = "";
  }
  store.unread.delete(`${store.me}/${store.place}`);
  draw();
  drawModal();
}

// --- menus ---------------------------------------------------------------------------------------------------------

async function cause(scenario) {
  const answer = await causeScenario(scenario);
  if (!answer.ok) return;
  tourHears(scenario.name);
  if (!myChannels().some((channel) => channel.id === answer.channel)) return;
  Object.assign(store, { panel: "", place: answer.channel });
  await until(() => store.channels.get(answer.channel)?.messages.has(answer.ts));
  store.thread = answer.ts;
  draw();
}

async function until(true_) {
  for (let turn = 0; turn < 40 && !true_(); turn += 1) await new Promise((resolve) => setTimeout(resolve, 50));
}

function persons() {
  openMenu($("person"), "Who you are", humans().map((person) => ({
    title: person.real_name, detail: person.is_restricted ? "guest" : `@${person.name}`, picture: avatar(person.real_name),
    checked: person.id === store.me, testid: `person-${person.name}`, run: () => become(person.id),
  })));
}

// --- changes -------------------------------------------------------------------------------------------------------

const CHANGES = {
  channel: (change) => putChannel(change.channel),
  message: (change) => {
    putMessage(change.channel, change.message);
    markUnread(change.channel, change.message);
  },
  message_changed: (change) => putMessage(change.channel, change.message),
  message_deleted: (change) => store.channels.get(change.channel)?.messages.delete(change.ts),
  ephemeral: (change) => store.channels.get(change.channel)?.ephemerals.push(change.message),
  ephemeral_gone: (change) => {
    const channel = store.channels.get(change.channel);
    if (channel) channel.ephemerals = channel.ephemerals.filter((message) => message.ts !== change.ts);
  },
  view: (change) => {
    const open = (store.views.get(change.user) ?? []).filter((view) => view.id !== change.view.id);
    const at = (store.views.get(change.user) ?? []).findIndex((view) => view.id === change.view.id);
    open.splice(at < 0 ? open.length : at, 0, change.view);
    store.views.set(change.user, open);
  },
  view_closed: (change) => store.views.set(change.user, (store.views.get(change.user) ?? []).filter((view) => view.id !== change.view_id)),
  home: (change) => store.homes.set(change.user, change.view),
  connections: (change) => { store.connections = change.count; },
  cluster: (change) => feeds.cluster.take(change.workloads),
  github: () => feeds.github.ask(),
  argocd: () => feeds.argocd.ask(),
  faults: (change) => faultsChanged(change.faults),
  calls: (change) => readCalls(change.marks),
  notice: (change) => {
    if (change.kind === "unanswered" && change.user === store.me) toast(change.text, "error");
    if (change.kind === "broken") toast(change.text, "error");
    if (change.kind === "refused" || change.kind === "broken") {
      store.notices.push(change);
      store.refusals += 1;
    }
  },
};

let marks = {};

/** Read the calls of the platforms that were called since, while somebody looks at them. */
function readCalls(now) {
  const moved = Object.keys(now).filter((name) => JSON.stringify(now[name]) !== JSON.stringify(marks[name]));
  marks = now;
  if (store.panel === "calls") for (const name of moved) (name === "slack" ? slack : feeds[name])?.ask();
}

/** A platform's answer came in. */
function platformChanged(name) {
  if (store.panel && (store.panel === "calls" || FEEDS[store.panel] === name)) drawPanel();
  drawGlance($("platforms"), $("keys"), show, toSlack);
}

function putMessage(channel, message) {
  store.channels.get(channel)?.messages.set(message.ts, message);
}

function markUnread(channelId, message) {
  const channel = store.channels.get(channelId);
  if (!channel || (inThread(message) && message.subtype !== "thread_broadcast")) return;
  for (const person of humans()) {
    const here = person.id === store.me && (store.place === channelId || (store.place === "dm" && channel.kind === "im"));
    if (here || message.user === person.id || !channel.members.includes(person.id)) continue;
    store.unread.add(`${person.id}/${channel.kind === "im" ? "dm" : channelId}`);
  }
}

const PLATFORM_CHANGES = ["cluster", "github", "argocd", "calls", "faults"];

function apply(changes) {
  if (changes.some((change) => change.type === "reload")) return start();
  const kinds = new Set(changes.map((change) => change.type));
  for (const change of changes) CHANGES[change.type]?.(change);
  if (kinds.has("cluster")) platformChanged("cluster");
  if ([...kinds].some((kind) => !PLATFORM_CHANGES.includes(kind))) draw();
  const mine = changes.some((change) => (change.type === "view" || change.type === "view_closed") && change.user === store.me);
  if (mine) drawModal();
  return undefined;
}

// --- start ---------------------------------------------------------------------------------------------------------

let starting = null;

function start() {
  starting ??= begin().finally(() => { starting = null; });
  return starting;
}

async function begin() {
  const state = await get("state");
  if (!state.ok) return;
  load(state);
  const remembered = humans().find((person) => person.name === sessionStorage.getItem("me"));
  if (!store.people.has(store.me)) store.me = (remembered ?? humans()[0]).id;
  if (!channelOf() && store.place !== "home" && store.place !== "dm") store.place = myChannels()[0]?.id ?? "home";
  store.refusals = store.notices.length;
  readAll();
  draw();
  drawModal();
  touring ??= setUpTour($("tour-button"), { scenarios: listScenarios, cause, show, toThread: toSlack, closeModal });
}

let touring = null;

/** Close what the current person has open of the app's modals, as its Close button does. */
async function closeModal() {
  const view = topView();
  if (view) await post("close_view", { user: store.me, view_id: view.id, whole_stack: true });
}

$("composer").append(mainComposer.node);
$("thread-composer").append(threadComposer.node);
$("thread-close").append(icon("close"));
$("thread-close").addEventListener("click", closeThread);
$("cause").prepend(icon("bolt"));
$("cause").addEventListener("click", () => openScenarios($("cause"), cause));
$("menu-button").append(icon("menu"));
$("menu-button").addEventListener("click", () => openDrawer(true));
$("drawer-back").addEventListener("click", () => openDrawer(false));
$("to-thread").addEventListener("click", toSlack);
$("tour-button").prepend(icon("help"));
$("tour-button").addEventListener("click", () => openDrawer(false));
$("theme").prepend(icon("moon"));
setUpFaults($("fault-strip"), $("faults"));
watch(platformChanged);
catchLinks(openItem);
$("person").addEventListener("click", persons);
$("log-button").addEventListener("click", () => { store.refusals = 0; drawStatus(); openLog($("log-button")); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && $("shell").classList.contains("drawer")) openDrawer(false);
  else if (event.key === "Escape" && !closeMenu() && store.thread && !$("shell").inert && !document.querySelector(".backdrop")) closeThread();
});
listen(apply, (live) => {
  store.live = live;
  if (live) start();
  else drawStatus();
});
