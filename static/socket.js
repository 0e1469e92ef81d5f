// A worker that holds the WebSocket. A browser hands a message on in pieces of a kilobyte, each of which is a task of the
// thread that listens: the page's own has better things to do, and gets messages whole.

// So many messages may lie between here and the page. One that falls further behind is better off with a snapshot.
const MOST = 64;

// The page opens a connection with a port of its own: where to, how to speak, and what to say first. It sends bytes for the server, numbers
// of messages that it has heard, or null when it is done with it; and gets bytes, or an array when it is over: the
// WebSocket's code and reason.
onmessage = ({ data: { url, protocol, first }, ports: [page] }) => {
  const socket = new WebSocket(url, protocol);
  socket.binaryType = "arraybuffer";
  let unheard = 0;
  socket.onopen = () => socket.send(first);
  const end = (code, reason) => {
    socket.onmessage = socket.onclose = page.onmessage = null;
    socket.close();
    page.postMessage([code, reason]);
  };
  socket.onmessage = ({ data }) => {
    unheard += 1;
    if (unheard > MOST) {
      end(4000, "this page was too slow");
    } else {
      page.postMessage(data, typeof data === "string" ? [] : [data]);
    }
  };
  // An error is always followed by a close, which is enough to know.
  socket.onclose = ({ code, reason }) => end(code, reason);
  page.onmessage = ({ data }) => {
    if (data === null) {
      end(1000, "");
    } else if (typeof data === "number") {
      unheard -= data;
    } else if (socket.readyState === WebSocket.OPEN) {
      socket.send(data);
    }
  };
};
