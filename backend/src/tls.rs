//! The server's certificate and key, out of their files, checked before anything else happens, and whenever they are
//! read again.

use crate::secrets::{Named, Unread};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// Where they are, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    pub cert: PathBuf,
    pub key: PathBuf,
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";

impl Files {
    /// The certificate, which is for everybody, and the key.
    pub fn named(&self) -> [Named; 2] {
        let cert = Named {
            what: CERTIFICATE,
            path: self.cert.clone(),
            is_secret: false,
        };
        [cert, Named::secret(KEY, &self.key)]
    }
}

/// Why TLS is not possible.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error(transparent)]
    File(#[from] Unread),
    #[error("there is no {what} in {}", path.display())]
    Nothing { what: &'static str, path: PathBuf },
    #[error("{} holds no valid PEM: {error}", path.display())]
    Pem { path: PathBuf, error: String },
    #[error("the certificate in {} and the key in {} can't be used: {error}", files.cert.display(), files.key.display())]
    Pair { files: Files, error: rustls::Error },
}

impl TlsError {
    /// What the person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::File(unread) => unread.hint(),
            Self::Nothing { .. } | Self::Pem { .. } => {
                "--tls-cert takes the certificate with those that sign it, --tls-key its private key, both in \
                 PEM (-----BEGIN …-----)"
                    .into()
            }
            Self::Pair { .. } => "the key must be the first certificate's own".into(),
        }
    }
}

impl Files {
    /// The certificate with its key, of which this was read.
    pub fn certify<E>(&self, read: [Result<Vec<u8>, E>; 2]) -> Result<CertifiedKey, TlsError>
    where
        TlsError: From<E>,
    {
        let [certificates, key] = read;
        let nothing = |what, path: &Path| TlsError::Nothing {
            what,
            path: path.to_owned(),
        };
        let garbled = |path: &Path, error: pem::Error| TlsError::Pem {
            path: path.to_owned(),
            error: error.to_string(),
        };
        let certificates = certificates?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificates).collect();
        let chain = chain.map_err(|error| garbled(&self.cert, error))?;
        if chain.is_empty() {
            return Err(nothing(CERTIFICATE, &self.cert));
        }
        let key = PrivateKeyDer::from_pem_slice(&key?);
        let key = key.map_err(|error| match error {
            pem::Error::NoItemsFound => nothing(KEY, &self.key),
            error => garbled(&self.key, error),
        })?;
        let pair = CertifiedKey::from_der(chain, key, &default_provider());
        pair.map_err(|error| self.unusable(error))
    }

    fn unusable(&self, error: rustls::Error) -> TlsError {
        TlsError::Pair {
            files: self.clone(),
            error,
        }
    }
}

/// The certificate that connections get from now on.
#[derive(Debug)]
pub struct Certificate(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// Whether it is another than before.
    pub fn replace(&self, new: CertifiedKey) -> bool {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = held.cert != new.cert;
        *held = Arc::new(new);
        is_other
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

/// What takes connections with the certificate in these files, and the certificate, to be replaced.
pub fn acceptor(files: &Files) -> Result<(TlsAcceptor, Arc<Certificate>), TlsError> {
    let [cert, key] = files.named();
    let pair = files.certify([cert.read(), key.read()])?;
    let certificate = Arc::new(Certificate(RwLock::new(Arc::new(pair))));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| files.unusable(error))?;
    let config = config.with_no_client_auth();
    let mut config = config.with_cert_resolver(certificate.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), certificate))
}

#[cfg(test)]
mod tests {
    use super::{Files, TlsError, acceptor};
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::path::{Path, PathBuf};

    fn file(name: &str, text: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("runqlat-web-tls-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn failure(cert: &Path, key: &Path) -> TlsError {
        let files = Files {
            cert: cert.to_owned(),
            key: key.to_owned(),
        };
        acceptor(&files).err().expect("it is refused")
    }

    #[test]
    fn a_pair_is_taken_and_anything_else_refused_with_its_file() {
        let made = || rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (one, other) = (made(), made());
        let cert = file("cert", &one.cert.pem());
        let key = file("key", &one.signing_key.serialize_pem());
        let others = file("others", &other.signing_key.serialize_pem());
        let empty = file("empty", "");
        let broken = file(
            "broken",
            "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        );
        let files = Files {
            cert: cert.clone(),
            key: key.clone(),
        };
        assert!(acceptor(&files).is_ok());
        let missing = PathBuf::from("/no/such/file");
        let table = [
            (
                failure(&missing, &key),
                "can't read the certificate /no/such/file",
            ),
            (
                failure(&cert, &missing),
                "can't read the private key /no/such/file",
            ),
            (failure(&empty, &key), "there is no certificate in"),
            (failure(&key, &key), "there is no certificate in"),
            (failure(&cert, &cert), "there is no private key in"),
            (failure(&broken, &key), "holds no valid PEM"),
            (failure(&cert, &others), "can't be used"),
        ];
        for (error, said) in table {
            assert!(error.to_string().contains(said), "{error}");
            assert!(!error.hint().is_empty());
        }
        for path in [cert, key, others, empty, broken] {
            std::fs::remove_file(path).unwrap();
        }
    }
}
