// The control API and the live stream, with the token of this page's URL.

const token = new URLSearchParams(location.search).get("token") ?? "";

async function call(method, name, body) {
  const answer = await fetch(`/control/${name}`, {
    method, headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return answer.json();
}

export const get = (name) => call("GET", name);

/** POST to the control API; a refusal comes back as {ok: false, error}. */
export const post = (name, body) => call("POST", name, body).catch(() => ({ ok: false, error: "The sandbox is not running." }));

/** onChanges(list) for each batch, onState(connected) when the stream opens or breaks. */
export function listen(onChanges, onState) {
  const stream = new EventSource(`/stream/${token}`);
  stream.onopen = () => onState(true);
  stream.onerror = () => onState(false);
  stream.onmessage = (event) => onChanges(JSON.parse(event.data));
}
