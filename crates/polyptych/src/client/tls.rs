//! The way to a façade over TLS: whom to trust, and what to show to who asks. Settings are those of the calls to providers, so
//! that the program has one idea of whom it trusts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use http::Uri;
use hyper_util::rt::TokioIo;
use polyptych_transport::SecretString;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::ServerName;

use super::admission::{First, Unshown, Watched};

/// What gRPC speaks, in a handshake.
const HTTP2: &[u8] = b"h2";
/// The port of https.
const PORT: u16 = 443;

/// Whom to trust, and what to show.
#[derive(Debug, Args)]
pub(crate) struct TlsOptions {
    /// Authority to trust beside the system's, in PEM; with https
    #[arg(long, value_name = "FILE", env = "POLYPTYCH_CA_FILE", hide_env_values = true)]
    ca_file: Option<PathBuf>,
    /// Certificate to show to a façade that asks for one, in PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "POLYPTYCH_CERTIFICATE_FILE",
        hide_env_values = true,
        requires = "key_file"
    )]
    certificate_file: Option<PathBuf>,
    /// Private key of that certificate, in PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "POLYPTYCH_KEY_FILE",
        hide_env_values = true,
        requires = "certificate_file"
    )]
    key_file: Option<PathBuf>,
}

impl TlsOptions {
    /// Whether anything is said.
    pub(crate) fn given(&self) -> bool {
        self.ca_file.is_some() || self.certificate_file.is_some()
    }

    /// The way to the façade of this address.
    ///
    /// # Errors
    /// If a file cannot be read or does not hold what it should, or the address names no host.
    pub(crate) async fn way(&self, address: &Uri) -> Result<Way> {
        let roots = match &self.ca_file {
            Some(path) => Some(read(path).await?),
            None => None,
        };
        let client = match (&self.certificate_file, &self.key_file) {
            (Some(chain), Some(key)) => Some((read(chain).await?, secret(key).await?)),
            _ => None,
        };
        let mut settings = polyptych_transport::client_tls(roots.as_deref(), client.as_ref())?;
        settings.alpn_protocols = vec![HTTP2.to_vec()];
        let unshown = Arc::new(Unshown::default());
        if client.is_none() {
            settings.client_auth_cert_resolver = unshown.clone();
        }
        let host = address.host().context("no host")?.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host.clone()).with_context(|| format!("`{host}` is no host"))?;
        let port = address.port_u16().unwrap_or(PORT);
        let (first, _) = watch::channel(First::Awaited);
        Ok(Way { tls: TlsConnector::from(Arc::new(settings)), name, host, port, unshown, first })
    }
}

/// A way to one façade; each connection is made anew.
#[derive(Clone)]
pub(crate) struct Way {
    tls: TlsConnector,
    name: ServerName<'static>,
    host: String,
    port: u16,
    unshown: Arc<Unshown>,
    first: watch::Sender<First>,
}

impl Way {
    /// Connects.
    ///
    /// # Errors
    /// If nobody is there, or the handshake fails.
    pub(crate) async fn connect(self) -> io::Result<TokioIo<Watched<TlsStream<TcpStream>>>> {
        let plain = TcpStream::connect((self.host.as_str(), self.port)).await?;
        plain.set_nodelay(true)?;
        let stream = self.tls.connect(self.name, plain).await.inspect_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
            if matches!(cause, Some(rustls::Error::InvalidCertificate(_))) {
                self.unshown.forget();
            }
        })?;
        Ok(TokioIo::new(Watched::new(stream, self.first)))
    }

    /// Waits until the façade has let the caller in on a connection that was made.
    ///
    /// # Errors
    /// If it ends the connection instead.
    pub(crate) async fn admitted(&self) -> Result<()> {
        let mut first = self.first.subscribe();
        let first = first.wait_for(|first| !matches!(first, First::Awaited)).await.map(|first| first.clone());
        match first? {
            First::End(how) => bail!("{how}"),
            First::Word | First::Awaited => Ok(()),
        }
    }

    /// Why a connection may have failed, or ended at its beginning.
    pub(crate) fn hint(&self) -> &'static str {
        match (self.unshown.asked(), &*self.first.borrow()) {
            (true, _) => "it asks callers for a certificate: --certificate-file FILE and --key-file FILE show one",
            (false, First::Awaited) => "--ca-file FILE trusts an authority",
            (false, _) => "--certificate-file FILE has to name a certificate that it accepts",
        }
    }
}

/// Far more than a certificate or a key has.
const MOST: u64 = 1 << 20;

async fn read(path: &Path) -> Result<Vec<u8>> {
    use tokio::io::AsyncReadExt;
    let mut bytes = Vec::new();
    let cannot = || format!("cannot read {}", path.display());
    let file = tokio::fs::File::open(path).await.with_context(cannot)?;
    file.take(MOST + 1).read_to_end(&mut bytes).await.with_context(cannot)?;
    ensure!(bytes.len() as u64 <= MOST, "{} is longer than a certificate or a key", path.display());
    Ok(bytes)
}

async fn secret(path: &Path) -> Result<SecretString> {
    // What is wrong with it may not be told by its bytes.
    let text = String::from_utf8(read(path).await?).ok().with_context(|| format!("{} is not PEM", path.display()))?;
    Ok(SecretString::from(text))
}
