// New tokens: a panel that asks once, and then shows the links that let in from now on. They are in the page for as
// long as it is open, and the program never has them.

import { copy } from "../assets/copy.js";
import { ask, keep } from "../assets/session.js";

const HELP = "Makes new tokens: everybody who came in with the old ones is thrown out, now, and old links are worth "
  + "nothing. This page stays.";
const DONE = "All others were thrown out. These links let in from now on, and are shown this once. Tokens from files "
  + "count again after a restart.";
const UNKNOWN = "No answer came. The tokens may have been changed all the same: see whether your link still lets you in.";

// Opens the panel; calls `turned` when this page has its new session.
export function turn(turned) {
  const now = button("Throw all others out", "turn-now");
  now.classList.add("primary");
  const close = button("Close", "turn-close");
  const body = make("div", { className: "picker" }, make("p", {}, HELP), row(now));
  const head = make("div", { className: "sheet-head" }, make("h2", {}, "New links"), close);
  const panel = make("dialog", { className: "sheet", ariaLabel: "New links", tabIndex: -1 },
    make("div", { className: "sheet-body" }, head, body));
  panel.dataset.testid = "turn";
  // The page's keys are not for it.
  panel.addEventListener("keydown", (event) => event.stopPropagation());
  panel.addEventListener("click", (event) => event.target === panel && panel.close());
  panel.addEventListener("close", () => {
    panel.remove();
    delete document.documentElement.dataset.turning;
  });
  close.addEventListener("click", () => panel.close());
  now.addEventListener("click", async () => {
    now.disabled = true;
    now.textContent = "Changing…";
    // The server hangs up on this page, too, before it answers: no reason for an alarm.
    document.documentElement.dataset.turning = "";
    const { view, control, failure } = await rotate();
    // Who closed it meanwhile gets to see what came of it.
    if (!panel.isConnected) {
      document.body.append(panel);
      panel.showModal();
    }
    if (failure) {
      body.replaceChildren(make("p", { className: "refused", role: "alert" }, failure));
      delete document.documentElement.dataset.turning;
      return;
    }
    const links = [link("to view", "new-view", view), link("to control", "new-control", control)];
    body.replaceChildren(make("p", { role: "status" }, DONE), ...links);
    links[0].querySelector("input").select();
    turned();
  });
  document.body.append(panel);
  panel.showModal();
}

// The new links, or why there are none.
async function rotate() {
  try {
    const answer = await ask("api/v1/tokens/rotate", "POST");
    const said = await answer.json();
    if (said.session) {
      keep(said.session);
    }
    return answer.ok
      ? { view: known(said.view), control: known(said.control) }
      : { failure: `${said.error}. ${said.hint}.` };
  } catch {
    return { failure: UNKNOWN };
  }
}

// A link by the name that this page was opened by, as through a proxy; that of a tunnel's end is of no use to others.
function known(link) {
  const local = /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);
  return local ? link : location.origin + location.pathname + link.slice(link.indexOf("#"));
}

// A link to copy, by button or by hand.
function link(label, testid, text) {
  const field = make("input", { className: "own-name new-link", readOnly: true, value: text, ariaLabel: label });
  field.dataset.testid = testid;
  field.addEventListener("focus", () => field.select());
  const press = button("Copy", "copy-new-link");
  press.ariaLabel = `Copy the link ${label}`;
  press.addEventListener("click", async () => {
    if (await copy(text)) {
      press.textContent = "Copied";
    } else {
      // To be copied by hand.
      field.select();
    }
  });
  return row(make("span", { className: "new-link-to" }, label), field, press);
}

function row(...children) {
  return make("div", { className: "picker-row" }, ...children);
}

function button(text, testid) {
  const made = make("button", { type: "button", className: "button" }, text);
  made.dataset.testid = testid;
  return made;
}

function make(tag, properties, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}
