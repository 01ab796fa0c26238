// Clicks: the confirm dialog, the waiting state of a button, and what is said when nothing came back.

import { post } from "./api.js";
import { confirmDialog } from "./dialog.js";
import { store } from "./store.js";
import { toast } from "./toasts.js";

/** Press an element as the current person; the app's own answer comes through the stream. */
export async function act(node, what, confirm) {
  if (confirm && !(await confirmDialog(confirm, node))) return;
  node.setAttribute("aria-busy", "true");
  node.classList.add("busy");
  const answer = await post("click", { user: store.me, ...what });
  node.removeAttribute("aria-busy");
  node.classList.remove("busy");
  if (!answer.ok) toast(answer.error, "error");
}
