// Says why the page does not start. A script of its own and no module, for a module that is refused runs no line of what
// it would say; and it comes first, so that it misses no refusal.

// What the server says to a request, or a proxy before it. The status is 0 where nobody answers, and only this server
// gives its reasons in an `error` and a `hint`.
globalThis.askServer = async (url, method = "GET") => {
  try {
    const { ok, status, json } = await request(url, method);
    const { error = "", hint = "" } = ok ? {} : await json();
    return { status, error: String(error), hint: String(hint) };
  } catch {
    return { status: 0, error: "", hint: "" };
  }
};

async function request(url, method) {
  // The page's address may hold a user and a password for a proxy, with which nothing can be fetched.
  const plain = Object.assign(new URL(url, document.baseURI), { username: "", password: "" });
  const answer = await fetch(plain, { method, cache: "no-store" });
  return { ok: answer.ok, status: answer.status, json: () => answer.json().catch(() => ({})) };
}

// Puts up what went wrong, in place of the loading text.
globalThis.tellStart = (what, why, hint) => {
  const box = document.createElement("div");
  box.className = "fatal";
  box.setAttribute("role", "alert");
  box.dataset.testid = "start-error";
  const title = document.createElement("strong");
  title.textContent = what;
  const lines = [why, `Hint: ${hint}`].map((text) => {
    const line = document.createElement("p");
    line.textContent = text;
    return line;
  });
  box.append(title, ...lines);
  document.getElementById("loading")?.remove();
  document.querySelector(".fatal")?.remove();
  document.body.prepend(box);
};

const RELOAD = "reload the page. It needs a browser of 2024 or later with WebAssembly.";

// Says that the page does not start, and why: which of these files is not delivered, if any, and in whose words.
globalThis.tellRefused = async (urls, otherwise) => {
  const [why, hint] = (await refusal(urls)) ?? [otherwise, RELOAD];
  tellStart("The page could not start.", why, hint);
};

async function refusal(urls) {
  for (const url of urls) {
    const { status, error, hint } = await askServer(url);
    const name = new URL(url, document.baseURI).pathname;
    if (status === 0) {
      return [`${name} can't be fetched.`, "see whether the server still runs, and reload the page."];
    }
    if (status >= 400) {
      return error
        ? [`${name} is refused: ${error}.`, `${hint}.`]
        : [`${name} is not delivered: a proxy answers with status ${status}.`,
          "it has to pass on everything below the address of this page, which ends with a slash."];
    }
  }
  // A browser names the page's origin with a script and with a POST, but not with every GET.
  const { error, hint, status } = await askServer("ws", "POST");
  return error && [403, 421].includes(status) ? [`The server refuses this page: ${error}.`, `${hint}.`] : null;
}

// Of a script or a style sheet that does not come; such an event does not bubble.
addEventListener("error", ({ target }) => {
  const url = target instanceof HTMLScriptElement ? target.src : target instanceof HTMLLinkElement && target.href;
  if (url) {
    tellRefused([url], `${new URL(url).pathname} can't be loaded.`);
  }
}, true);
