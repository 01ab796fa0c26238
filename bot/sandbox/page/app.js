// Wires the page together: state, stream, places, menus.

import { get, listen, post } from "./api.js";
import { composer } from "./composer.js";
import { drawHome, drawModal, openLog } from "./dialog.js";
import { avatar, el, fill, icon } from "./dom.js";
import { closeMenu, openMenu } from "./menu.js";
import { MessageList } from "./messages.js";
import { drawApps, drawChannels, drawCluster, drawPerson } from "./panels.js";
import { humans, inThread, load, me, myChannels, myDm, putChannel, store } from "./store.js";
import { toast } from "./toasts.js";

const $ = (id) => document.getElementById(id);
const list = new MessageList($("messages"), openThread, () => $("cause").click());
const replies = new MessageList($("replies"), () => {});
const caused = new Set();
const channelOf = () => (store.place === "dm" ? myDm() : store.channels.get(store.place));

const mainComposer = composer(() => ({
  channel: channelOf()?.id, thread: "", label: store.place === "dm" ? "Message CodeHealer" : `Message #${channelOf()?.name ?? ""}`,
}), "composer");
const threadComposer = composer(() => ({ channel: channelOf()?.id, thread: store.thread, label: "Reply…" }), "thread-composer");

// --- drawing -------------------------------------------------------------------------------------------------------

function draw() {
  const isHome = store.place === "home";
  const isApp = isHome || store.place === "dm";
  const channel = channelOf();
  drawChannels($("channels"), go);
  drawApps($("apps"), go);
  drawPerson($("person"));
  $("place").textContent = isApp ? "CodeHealer" : `#${channel?.name ?? ""}`;
  $("topic").textContent = isApp ? "" : channel?.topic ?? "";
  $("tabs").hidden = !isApp;
  if (isApp) fill($("tabs"), tab("home", "Home"), tab("dm", "Messages"));
  $("home").hidden = !isHome;
  $("messages").hidden = isHome;
  $("composer").hidden = isHome;
  if (isHome) drawHome($("home"));
  else list.draw(channel);
  drawThread(channel);
  mainComposer.refresh();
  threadComposer.refresh();
  drawStatus();
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
  fill($("log-button"), "App log", store.refusals > 0 && el("span", { class: "badge" }, store.refusals));
}

// --- places --------------------------------------------------------------------------------------------------------

async function go(place) {
  store.place = place;
  store.thread = "";
  store.unread.delete(`${store.me}/${place}`);
  if (place === "home" || place === "dm") {
    post("home", { user: store.me, tab: place === "home" ? "home" : "messages" });
    if (place === "dm") store.unread.delete(`${store.me}/dm`);
  }
  draw();
  if (place !== "home") mainComposer.input.focus();
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

async function scenarios() {
  const answer = await get("scenarios");
  const all = answer.scenarios ?? [];
  openMenu($("cause"), "Scenarios", [
    ...all.map((scenario) => ({
      title: scenario.title, detail: scenario.description, picture: icon("bolt"), testid: `scenario-${scenario.name}`, run: () => cause(scenario),
    })),
    ...all.filter((scenario) => caused.has(scenario.name)).map((scenario) => ({
      title: `Recover: ${scenario.title}`, detail: "Posts what the alerting app says when it is over.", picture: icon("check"),
      testid: `recover-${scenario.name}`, run: () => recover(scenario),
    })),
  ]);
}

async function recover(scenario) {
  const answer = await post("recover", { scenario: scenario.name });
  toast(answer.ok ? `Recovery posted: ${scenario.title}` : answer.error, answer.ok ? "info" : "error");
}

async function cause(scenario) {
  const answer = await post("cause", { scenario: scenario.name });
  if (!answer.ok) {
    toast(answer.error, "error");
    return;
  }
  caused.add(scenario.name);
  toast(`Caused: ${scenario.title}`);
  if (!myChannels().some((channel) => channel.id === answer.channel)) return;
  store.place = answer.channel;
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
  cluster: (change) => { store.workloads = change.workloads; },
  notice: (change) => {
    if (change.kind === "unanswered" && change.user === store.me) toast(change.text, "error");
    if (change.kind === "refused") {
      store.notices.push(change);
      store.refusals += 1;
    }
  },
};

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

function apply(changes) {
  if (changes.some((change) => change.type === "reload")) return start();
  const kinds = new Set(changes.map((change) => change.type));
  for (const change of changes) CHANGES[change.type]?.(change);
  if (kinds.has("cluster")) drawCluster($("cluster"));
  if ([...kinds].some((kind) => kind !== "cluster")) draw();
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
  draw();
  drawModal();
}

$("composer").append(mainComposer.node);
$("thread-composer").append(threadComposer.node);
$("thread-close").append(icon("close"));
$("thread-close").addEventListener("click", closeThread);
$("cause").prepend(icon("bolt"));
$("cause").addEventListener("click", scenarios);
$("person").addEventListener("click", persons);
$("log-button").addEventListener("click", () => { store.refusals = 0; drawStatus(); openLog($("log-button")); });
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !closeMenu() && store.thread && !$("shell").inert && !document.querySelector(".backdrop")) closeThread();
});
listen(apply, (live) => {
  store.live = live;
  if (live) start();
  else drawStatus();
});
