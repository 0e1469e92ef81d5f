// The session that lets this browser in: a secret that a token was exchanged for. It lies in the storage of this page's
// origin, which no other host, port or scheme gets to see, and nothing sends it by itself, as browsers send cookies to
// all ports of a host.

// Two servers under one origin are told apart by their paths.
const KEY = `runqlat-web.session ${new URL(".", document.baseURI).pathname}`;

// Where storage is blocked: until this page is closed.
let kept = "";

export function session() {
  try {
    return localStorage.getItem(KEY) ?? kept;
  } catch {
    return kept;
  }
}

export function keep(session) {
  kept = session;
  try {
    localStorage.setItem(KEY, session);
  } catch {
    // Kept here.
  }
}

// Whether a session is still there when the page is loaded anew.
export function keeps() {
  try {
    return localStorage.getItem(KEY) !== null || kept === "";
  } catch {
    return false;
  }
}

export function forget() {
  kept = "";
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing is there.
  }
}

// Where something of this server lies. The page's address may hold a user and a password for a proxy, with which nothing
// can be fetched: the browser knows them by itself.
export function at(path) {
  return new URL(path, location.origin + new URL(".", document.baseURI).pathname).href;
}

// Asks the server's API with the session. Not in Authorization: what a proxy wants to see there, the browser puts in only
// where a page puts in nothing.
export function ask(path, method) {
  const headers = session() ? { "Runqlat-Session": session() } : {};
  return fetch(at(path), { method, headers });
}

// Another tab has signed in, or has new tokens.
addEventListener("storage", ({ key, newValue }) => {
  if (key === KEY && newValue) {
    dispatchEvent(new Event("session-renewed"));
  }
});
