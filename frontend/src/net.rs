//! The connection to the server: a WebSocket, held by a worker (`static/socket.js`), that is opened again when it
//! breaks. Knows messages and time, not what they mean.

use crate::backoff::delay_ms;
use crate::browser;
use crate::words::unreached::{Answer, Verdict};
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use runqlat_common::wire::{CLOSE_NO_TOKEN, ClientMessage, Format, ServerMessage};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{MessageEvent, MessagePort};

/// The worker is told of so many messages at a time that they were heard. Each time costs what a small message costs.
const HEARD: u32 = 16;

#[wasm_bindgen]
extern "C" {
    /// `static/connections.js`. What goes over the port is told in `static/socket.js`.
    #[wasm_bindgen(js_name = openSocket)]
    fn open_socket(protocol: &str, sign_in: &[u8]) -> MessagePort;

    /// `static/connections.js`: asks in HTTP why there is no WebSocket. Calls back with the status, and the server's
    /// error and hint.
    #[wasm_bindgen(js_name = askWhy)]
    fn ask_why(tell: &JsValue);
}

/// What happens on the connection.
#[derive(Debug)]
pub(crate) enum Event {
    Connecting,
    Message(Box<ServerMessage>),
    /// Bytes that are no message.
    Garbled(String),
    /// It broke; the next attempt is at this time, in ms since 1970.
    Lost {
        retry_at_ms: f64,
        /// What the server said when it hung up.
        farewell: String,
    },
    /// Why it does not come back.
    Explained {
        why: String,
    },
    /// The server wants a token: trying again is of no use until there is one.
    Refused {
        farewell: String,
    },
}

/// A connection that keeps itself up. Clones are the same connection.
#[derive(Clone)]
pub(crate) struct Net(Rc<Inner>);

struct Inner {
    on_event: Box<dyn Fn(Event)>,
    socket: RefCell<Option<Socket>>,
    timer: Cell<Option<TimeoutHandle>>,
    /// It was refused, and waits for somebody to try again.
    refused: Cell<bool>,
    failures: Cell<u32>,
    /// Why there is no connection is asked once at a time.
    asks_why: Cell<bool>,
    /// When the last message came, in ms since 1970.
    heard_ms: Cell<f64>,
}

/// A connection and its handler, which die together.
struct Socket {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        // Fails only for what can't be copied.
        let _told = self.port.post_message(&JsValue::NULL);
        self.port.close();
    }
}

impl Net {
    /// Connects, and tells what happens from now on.
    pub(crate) fn connect(on_event: impl Fn(Event) + 'static) -> Self {
        let net = Self(Rc::new(Inner {
            on_event: Box::new(on_event),
            socket: RefCell::new(None),
            timer: Cell::new(None),
            refused: Cell::new(false),
            failures: Cell::new(0),
            asks_why: Cell::new(false),
            heard_ms: Cell::new(browser::now_ms()),
        }));
        net.open();
        net
    }

    /// Sends a message; without a connection it is dropped, for the snapshot that a new connection
    /// starts with asks for everything again.
    pub(crate) fn send(&self, message: &ClientMessage) {
        let bytes = Format::Postcard.encode_client(message);
        if let Some(socket) = &*self.0.socket.borrow() {
            let bytes = js_sys::Uint8Array::from(&*bytes);
            let _told = socket.port.post_message(&bytes);
        }
    }

    /// Tries again now and not when the wait is over.
    pub(crate) fn retry_now(&self) {
        let timer = self.0.timer.take();
        if self.0.refused.take() || timer.is_some() {
            if let Some(timer) = timer {
                timer.clear();
            }
            self.open();
        }
    }

    /// Connects anew, though nothing is wrong with the connection: with other rights, say.
    pub(crate) fn reconnect(&self) {
        self.0.refused.set(true);
        self.retry_now();
    }

    /// How long nothing came, in ms.
    pub(crate) fn silent_ms(&self) -> f64 {
        browser::now_ms() - self.0.heard_ms.get()
    }

    /// Gives up a connection that has fallen silent (a laptop that slept, a NAT that forgot).
    pub(crate) fn give_up(&self) {
        if self.0.socket.borrow().is_some() && !self.0.refused.get() {
            self.lose(String::new());
        }
    }

    fn open(&self) {
        self.0.heard_ms.set(browser::now_ms());
        (self.0.on_event)(Event::Connecting);
        *self.0.socket.borrow_mut() = Some(self.socket());
    }

    fn socket(&self) -> Socket {
        // Without the session, which the scripts put in.
        let sign_in = Format::Postcard.encode_client(&ClientMessage::SignIn {
            session: String::new(),
        });
        let port = open_socket(Format::Postcard.subprotocol(), &sign_in);
        let (net, answer) = (self.clone(), port.clone());
        let mut heard = 0;
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            if let Some(end) = data.dyn_ref::<js_sys::Array>() {
                return net.end(end);
            }
            net.receive(&data);
            heard += 1;
            if heard == HEARD {
                let _told = answer.post_message(&heard.into());
                heard = 0;
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Socket {
            port,
            _on_message: on_message,
        }
    }

    /// The connection is over: its code and its reason.
    fn end(&self, end: &js_sys::Array) {
        let reason = end.get(1).as_string().unwrap_or_default();
        match end.get(0).as_f64() {
            Some(code) if code == f64::from(CLOSE_NO_TOKEN) => self.refuse(reason),
            _ => self.lose(reason),
        }
    }

    fn receive(&self, data: &JsValue) {
        self.0.failures.set(0);
        self.0.heard_ms.set(browser::now_ms());
        let bytes = js_sys::Uint8Array::new(data).to_vec();
        let event = match Format::Postcard.decode_server(&bytes) {
            Ok(message) => Event::Message(Box::new(message)),
            Err(error) => Event::Garbled(error.0),
        };
        (self.0.on_event)(event);
    }

    fn refuse(&self, farewell: String) {
        self.0.refused.set(true);
        (self.0.on_event)(Event::Refused { farewell });
    }

    fn lose(&self, farewell: String) {
        let failures = self.0.failures.get().saturating_add(1);
        self.0.failures.set(failures);
        let delay = delay_ms(failures, browser::random());
        let net = self.clone();
        // The handlers of the old socket may be running: it is dropped when they are done.
        let retry = move || {
            net.0.timer.set(None);
            drop(net.0.socket.take());
            net.open();
        };
        let timer = set_timeout_with_handle(retry, Duration::from_millis(delay as u64)).ok();
        if let Some(earlier) = self.0.timer.replace(timer) {
            earlier.clear();
        }
        let is_unexplained = farewell.is_empty();
        (self.0.on_event)(Event::Lost {
            retry_at_ms: browser::now_ms() + delay,
            farewell,
        });
        if is_unexplained && !self.0.asks_why.replace(true) {
            let net = self.clone();
            let tell = move |status: f64, error: String, hint: String| {
                net.0.asks_why.set(false);
                let status = status as u16;
                net.explain(&Answer {
                    status,
                    error,
                    hint,
                });
            };
            ask_why(&Closure::once_into_js(tell));
        }
    }

    fn explain(&self, answer: &Answer) {
        match answer.verdict(self.0.failures.get(), browser::is_tls()) {
            // It has come back meanwhile.
            _ if self.0.failures.get() == 0 => {}
            Verdict::Because(why) => (self.0.on_event)(Event::Explained { why }),
            Verdict::NoAccess(why) => {
                if let Some(timer) = self.0.timer.take() {
                    timer.clear();
                }
                self.refuse(why);
            }
            Verdict::Unknown => {}
        }
    }
}
