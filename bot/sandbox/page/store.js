// What this page knows of the workspace, and whose eyes it looks through.

export const store = {
  team: {}, app: {}, people: new Map(), channels: new Map(), views: new Map(), homes: new Map(),
  notices: [], commands: [], connections: 0, live: false,
  me: "", place: "", panel: "", thread: "", seen: new Map(), unread: new Set(), refusals: 0,
};

export function load(state) {
  store.team = state.team;
  store.app = state.app;
  store.people = new Map(state.people.map((person) => [person.id, person]));
  store.channels = new Map();
  for (const channel of state.channels) putChannel(channel, channel.messages, channel.ephemerals);
  store.views = new Map(Object.entries(state.views));
  store.homes = new Map(Object.entries(state.homes));
  store.notices = state.notices.filter((notice) => notice.kind === "refused" || notice.kind === "broken");
  store.commands = state.commands;
  store.connections = state.connections;
}

export function putChannel(channel, messages = [], ephemerals = []) {
  const known = store.channels.get(channel.id);
  store.channels.set(channel.id, {
    ...channel,
    messages: known?.messages ?? new Map(messages.map((message) => [message.ts, message])),
    ephemerals: known?.ephemerals ?? [...ephemerals],
  });
}

export const humans = () => [...store.people.values()].filter((person) => !person.is_bot && !person.deleted);
export const me = () => store.people.get(store.me);
export const isIn = (channel) => channel.members.includes(store.me);
export const myChannels = () => [...store.channels.values()].filter((channel) => channel.kind !== "im" && isIn(channel));
export const myDm = () => [...store.channels.values()].find((channel) => channel.kind === "im" && isIn(channel));
export const topView = () => (store.views.get(store.me) ?? []).at(-1);

export const inThread = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** Messages of the channel as this person sees them, oldest first; a thread's with its ts. */
export function visible(channel, thread = "") {
  const mine = channel.ephemerals.filter((message) => message.ephemeral_user === store.me);
  const all = [...channel.messages.values(), ...mine];
  const shown = thread ? all.filter((message) => message.ts === thread || message.thread_ts === thread)
    : all.filter((message) => !inThread(message) || message.subtype === "thread_broadcast");
  return shown.sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

export const names = {
  user: (id) => store.people.get(id)?.real_name ?? id,
  channel: (id) => store.channels.get(id)?.name ?? id,
  isMe: (id) => id === store.me,
  everyone: () => humans().map((person) => [person.id, person.real_name]),
  everywhere: () => myChannels().map((channel) => [channel.id, `#${channel.name}`]),
};

export function author(message) {
  if (message.bot_profile?.name) return { name: message.bot_profile.name, isApp: true };
  if (message.username) return { name: message.username, isApp: true };
  const person = store.people.get(message.user);
  return { name: person?.real_name ?? "Unknown app", isApp: !person || person.is_bot };
}
