// Has connections to the server held by a worker.

import { at, session } from "../assets/session.js";

const worker = new Worker(new URL("../assets/socket.js", import.meta.url));

// Says why there will be none, should it come to that.
export const broken = new Promise((say) => {
  worker.onerror = ({ message }) => say(message || "The script that connects could not be loaded.");
});

// The message that signs in, of the one without a session: a text without characters, which is its length and so ends
// with 0. A length has seven bits a byte, the lowest first.
function signIn(empty) {
  const text = new TextEncoder().encode(session());
  const length = text.length < 128 ? [text.length] : [(text.length % 128) + 128, text.length >> 7];
  return Uint8Array.from([...empty.slice(0, -1), ...length, ...text]);
}

// Beside the page, under whatever path that is.
function address() {
  const url = new URL(at("ws"));
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

// For the program, which so never has a session: a port to a new connection, which `socket.js` tells about.
globalThis.openSocket = (protocol, empty) => {
  const { port1, port2 } = new MessageChannel();
  const url = address();
  worker.postMessage({ url, protocol, first: signIn(empty) }, [port2]);
  return port1;
};

// For the program: what the server says to a request in HTTP at the same place, for a browser tells a page nothing of a
// WebSocket that is refused. In a POST it names the page's origin, as with a WebSocket.
globalThis.askWhy = async (tell) => {
  const { status, error, hint } = await askServer(at("ws"), "POST");
  tell(status, error, hint);
};
