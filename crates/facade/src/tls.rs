//! TLS towards callers. What it is made of is read again when it changes, and serves the connections that come then;
//! those that are open go on. The cryptography is passed in, so that no process-wide default is installed or used.

mod connection;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, StreamExt};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

pub use connection::TlsConnection;

use crate::auth::{FileError, Files, Kept};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Handshakes at once; further connections wait.
const AT_ONCE: usize = 1024;

/// What TLS is made of, in PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate of the server and those that it was signed with, its own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Whose certificates callers may show; absent means that none is asked for.
    pub clients: Option<ClientAuthorities>,
    /// Whether HTTP/1.1 is offered beside HTTP/2, for gRPC-Web.
    pub http1: bool,
}

/// Whose certificates callers may show.
#[derive(Debug, Clone)]
pub struct ClientAuthorities {
    /// The certificates of the authorities, in PEM.
    pub certificates: PathBuf,
    /// Whether a caller without a certificate is turned away before it can say anything.
    pub required: bool,
}

/// TLS, ready for connections. A clone is the same.
#[derive(Clone)]
pub struct Tls(Arc<Kept<ServerConfig>>);

impl Tls {
    /// Reads the files, which blocks.
    ///
    /// # Errors
    /// [`FileError`] for a file that cannot be read, and for what in it cannot be used; never with a key in it.
    pub fn open(files: TlsFiles) -> Result<Self, FileError> {
        let mut paths = vec![files.certificate.clone(), files.key.clone()];
        paths.extend(files.clients.iter().map(|clients| clients.certificates.clone()));
        Ok(Self(Arc::new(Kept::open(paths, move |contents| settings(&files, contents))?)))
    }

    /// The files, to be read again.
    pub fn files(&self) -> Files {
        Files::of(Arc::clone(&self.0) as _)
    }

    /// Speaks TLS on connections. One on which that fails, or takes more than ten seconds, is dropped.
    pub fn accept<IO>(
        &self,
        incoming: impl Stream<Item = io::Result<IO>>,
    ) -> impl Stream<Item = io::Result<TlsConnection<IO>>>
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let kept = Arc::clone(&self.0);
        let begun = incoming.map(move |io| {
            let acceptor = TlsAcceptor::from(kept.value());
            // On a task of its own, so that handshakes use all processors.
            let task = io.map(|io| tokio::spawn(tokio::time::timeout(HANDSHAKE, acceptor.accept(io))));
            async move {
                match task?.await {
                    Ok(Ok(Ok(stream))) => return Ok(Some(TlsConnection::new(stream))),
                    Ok(Ok(Err(error))) => tracing::debug!(%error, "a connection does not speak our TLS"),
                    Ok(Err(_)) => tracing::debug!("a connection took too long to speak TLS"),
                    Err(error) => tracing::error!(%error, "a handshake was broken off"),
                }
                Ok(None)
            }
        });
        begun.buffer_unordered(AT_ONCE).filter_map(|done| std::future::ready(done.transpose()))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls(…)")
    }
}

fn settings(files: &TlsFiles, contents: &[Vec<u8>]) -> Result<ServerConfig, FileError> {
    let [certificate, key, rest @ ..] = contents else {
        return Err(FileError::content(&files.certificate, "there is no key beside it"));
    };
    let chain = certificates(&files.certificate, certificate)?;
    // What the reader complains about may quote the key.
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| FileError::content(&files.key, "there is no private key in the PEM"))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| FileError::content(&files.certificate, error))?;
    let builder = match (&files.clients, rest) {
        (Some(clients), [authorities, ..]) => builder.with_client_cert_verifier(verifier(clients, authorities)?),
        _ => builder.with_no_client_auth(),
    };
    let mut settings = builder.with_single_cert(chain, key).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let certificate = files.certificate.display();
            FileError::content(&files.key, format!("the key is not that of the certificate in {certificate}"))
        }
        error => FileError::content(&files.certificate, error),
    })?;
    settings.alpn_protocols = vec![b"h2".to_vec()];
    if files.http1 {
        settings.alpn_protocols.push(b"http/1.1".to_vec());
    }
    Ok(settings)
}

fn verifier(clients: &ClientAuthorities, pem: &[u8]) -> Result<Arc<dyn ClientCertVerifier>, FileError> {
    let path = &clients.certificates;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|error| FileError::content(path, error))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
    let builder = if clients.required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| FileError::content(path, error))
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(list) if !list.is_empty() => Ok(list),
        // What the reader complains about may quote a key that was put there by mistake.
        _ => Err(FileError::content(path, "there is no certificate in the PEM")),
    }
}
