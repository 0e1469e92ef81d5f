// What the page does with tokens. The one that a link brings is exchanged for a session: browsers send nothing of what
// follows the # to anybody; and it leaves the address at once.

import "../assets/copy.js";
import { ask, at, forget, keep, keeps, session } from "../assets/session.js";

const HASH = /^#token=(.+)$/;

// Resolves when the token of the address, if it has one, is exchanged; to whether there was one that counts.
export async function enter() {
  const token = HASH.exec(location.hash)?.[1];
  if (!token) {
    return false;
  }
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    const answer = await fetch(at("api/v1/session"), {
      method: "POST",
      body: JSON.stringify({ token: decodeURIComponent(token) }),
    });
    if (answer.ok) {
      keep((await answer.json()).session);
    }
    document.documentElement.dataset.token = answer.ok ? "taken" : "refused";
    return answer.ok;
  } catch {
    // The server is away, which the page finds out and tells.
    return false;
  }
}

// A link that is opened over a page that is there already changes nothing but the part after the #.
addEventListener("hashchange", async () => {
  if (await enter()) {
    dispatchEvent(new Event("signed-in"));
  } else if (document.documentElement.dataset.token === "refused") {
    dispatchEvent(new Event("token-refused"));
  }
});

// For the program: whether this browser has a session and keeps it, and the end of it.
globalThis.isSignedIn = () => session() !== "";
globalThis.keepsSession = keeps;
globalThis.signOut = async () => {
  try {
    await ask("api/v1/session", "DELETE");
  } catch {
    // The server is away; this browser forgets the session all the same.
  }
  forget();
  location.reload();
};

// For the program: opens the panel for new tokens, which few ever need.
globalThis.turnTokens = async (turned) => (await import("../assets/turn.js")).turn(turned);
