//! TLS from outside, by a client that trusts one certificate.

mod support;

use futures_util::StreamExt;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use support::client::{PATIENCE, get, send_over};
use support::server::{Server, run};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// A certificate for localhost and its key, in files that are removed when dropped.
struct Pair {
    cert: PathBuf,
    key: PathBuf,
    der: CertificateDer<'static>,
}

impl Pair {
    fn new(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let file = |kind: &str, text: String| {
            let path =
                std::env::temp_dir().join(format!("rw-{}-{name}.{kind}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            path
        };
        Self {
            cert: file("cert", made.cert.pem()),
            key: file("key", made.signing_key.serialize_pem()),
            der: made.cert.der().clone(),
        }
    }

    fn args(&self) -> [&str; 4] {
        let [cert, key] = [&self.cert, &self.key].map(|path| path.to_str().unwrap());
        ["--tls-cert", cert, "--tls-key", key]
    }

    /// What trusts this certificate alone.
    fn trusting(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).unwrap();
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Arc::new(config)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.cert);
        let _ = std::fs::remove_file(&self.key);
    }
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").unwrap()
}

#[tokio::test]
async fn page_api_and_websocket_are_served_over_tls() {
    let pair = Pair::new("serve");
    let always = ["--demo", "--interval", "100ms", "--token"];
    let server = Server::start(&[&always[..], &pair.args()].concat());
    let address = server.address;
    assert!(
        server.link("view").starts_with("https://"),
        "{}",
        server.said
    );
    let over_tls = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let client = ClientConnection::new(pair.trusting(), localhost()).unwrap();
        send_over(
            StreamOwned::new(client, socket),
            address,
            method,
            path,
            headers,
            body,
        )
    };
    let token = server.bearer("control");
    let state = over_tls("GET", "/api/v1/state", &[("Authorization", &token)], "");
    assert_eq!(state.json()["may_control"], true);
    // Origin is https here.
    let origin = |scheme: &str| format!("{scheme}://{address}");
    let body = format!(r#"{{"token": "{}"}}"#, &token["Bearer ".len()..]);
    let length = body.len().to_string();
    let sign_in = |origin: &str| {
        let headers = [("Origin", origin), ("Content-Length", &*length)];
        over_tls("POST", "/api/v1/session", &headers, &body)
    };
    assert_eq!(sign_in(&origin("http")).status, 403);
    let reply = sign_in(&origin("https"));
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("set-cookie"), None);

    let connector = TlsConnector::from(pair.trusting());
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let socket = connector.connect(localhost(), socket).await.unwrap();
    let mut request = format!("wss://{address}/ws").into_client_request().unwrap();
    let token = token.parse().unwrap();
    request.headers_mut().insert("authorization", token);
    let joined = tokio_tungstenite::client_async(request, socket).await;
    let (mut viewer, _) = joined.unwrap();
    for expected in ["{\"snapshot\"", "{\"interval\""] {
        // Who else is here may be told in between.
        let comes = async {
            while let Some(Ok(frame)) = viewer.next().await {
                if frame.to_text().unwrap().starts_with(expected) {
                    return true;
                }
            }
            false
        };
        assert!(
            timeout(PATIENCE, comes).await.expect("in time"),
            "{expected}"
        );
    }
}

#[test]
fn who_leaves_the_s_out_is_told() {
    let pair = Pair::new("plain");
    let server = Server::start(&[&["--demo"], &pair.args()[..]].concat());
    let reply = get(server.address, "/", &[]);
    assert_eq!(reply.status, 400);
    assert!(reply.text().contains("https://"), "{}", reply.text());
    // And who says nothing sensible at all is hung up on.
    let mut socket = TcpStream::connect(server.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.write_all(&[0x16, 3, 1, 0, 4, 1, 2, 3, 4]).unwrap();
    let mut rest = Vec::new();
    let _reset_or_alert = socket.read_to_end(&mut rest);
    assert!(rest.len() < 16, "{rest:?}");
}

#[test]
fn half_a_handshake_is_given_up() {
    let pair = Pair::new("half");
    let server = Server::start(&[&["--demo"], &pair.args()[..]].concat());
    // A record of a greeting that goes on for longer than what is sent of it.
    for sent in [&[][..], &[0x16, 3, 1, 2, 0, 1, 0, 1]] {
        let mut socket = TcpStream::connect(server.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.write_all(sent).unwrap();
        let since = Instant::now();
        let _ended = socket.read_to_end(&mut Vec::new()).unwrap();
        let took = since.elapsed().as_secs();
        assert!((8..15).contains(&took), "kept for {took} s after {sent:?}");
    }
}

#[test]
fn certificates_that_can_not_be_used_are_code_8() {
    let (one, other) = (Pair::new("one"), Pair::new("other"));
    let [_, cert, _, key] = one.args();
    let [.., others] = other.args();
    let table = [
        (
            "/no/such/cert",
            key,
            "can't read the certificate /no/such/cert",
        ),
        (
            cert,
            "/no/such/key",
            "can't read the private key /no/such/key",
        ),
        (key, key, "there is no certificate in"),
        (cert, cert, "there is no private key in"),
        (cert, others, "can't be used"),
    ];
    for (cert, key, said) in table {
        let output = run(&["--demo", "--tls-cert", cert, "--tls-key", key]);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(8), "{stderr}");
        assert!(
            stderr.contains(said) && stderr.contains("\nhint: "),
            "{stderr}"
        );
    }
}
