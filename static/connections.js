// Has connections to the server held by a worker.

const worker = new Worker("/assets/socket.js");

// Says why there will be none, should it come to that.
export const broken = new Promise((say) => {
  worker.onerror = ({ message }) => say(message || "The script that connects could not be loaded.");
});

// For the program: a port to a new connection, which `socket.js` tells about.
globalThis.openSocket = (url, protocol) => {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ url, protocol }, [port2]);
  return port1;
};
