//! Encrypted connections.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls_native_certs::load_native_certs;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::language::{HttpVersion, Mistake};

/// The certificates that servers are checked with.
#[derive(Clone, Debug)]
pub struct Trust(RootCertStore);

impl Trust {
    /// Those of a PEM file, or those of the system.
    ///
    /// # Errors
    /// Where the file cannot be read or has no certificate.
    pub fn read(file: Option<&Path>) -> Result<Self, Mistake> {
        let mut roots = RootCertStore::empty();
        let Some(file) = file else {
            // A system without certificates trusts no server, and connections say so.
            roots.add_parsable_certificates(load_native_certs().certs);
            return Ok(Self(roots));
        };
        let wrong =
            |reason: String| Mistake::new(format!("cannot read the certificates of `{}`: {reason}", file.display()));
        let found = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
        for certificate in found {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        if roots.is_empty() { Err(wrong("there is none in it".into())) } else { Ok(Self(roots)) }
    }
}

/// Encrypts connections to one host.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Tls {
    /// To this host, which speaks this version of HTTP.
    pub fn new(trust: &Trust, host: &str, http: HttpVersion) -> Result<Self, String> {
        let mut config = ClientConfig::builder().with_root_certificates(trust.0.clone()).with_no_client_auth();
        config.alpn_protocols = match http {
            HttpVersion::One => vec![b"http/1.1".to_vec()],
            HttpVersion::Two => vec![b"h2".to_vec()],
        };
        let name = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Encrypts a connection.
    pub async fn encrypt(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}
