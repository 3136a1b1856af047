//! A client certificate that is made for one run, and what can become of a call that shows it: it is taken, refused, or does
//! not fit its key. Its key must never be seen.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use polyptych_domain::ImageLibrary;
use polyptych_emulator::Emulator;
use polyptych_transport::{Config, Fixed, Retry, Transport};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::canary::base64;
use crate::clock::Leaping;
use crate::form::{FORMS, Form};
use crate::matrix::{says, single};
use crate::world::{self, CANARY, roomy};

const KEY: &str = "-----BEGIN PRIVATE KEY-----";

/// Where the private number stands in a PKCS #8 key of the curve P-256, as it is made here (RFC 5958, RFC 5915).
const NUMBER: std::ops::Range<usize> = 36..68;

/// A certificate that signs itself, for a server on loopback and for its client, and the key of it.
pub struct Identity {
    chain: String,
    key: String,
    der: Vec<u8>,
}

impl Identity {
    /// A new one.
    ///
    /// # Errors
    /// If none can be made.
    pub fn new() -> anyhow::Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        Ok(Self { chain: cert.pem(), key: signing_key.serialize_pem(), der: signing_key.serialize_der() })
    }

    /// Certificate and key, as [`Identity::from_pem`] reads them.
    pub fn pem(&self) -> String {
        format!("{}{}", self.chain, self.key)
    }

    /// The one that was written.
    ///
    /// # Errors
    /// If the text does not hold a certificate and a key behind it.
    pub fn from_pem(pem: &str) -> anyhow::Result<Self> {
        let (chain, key) = pem.split_once(KEY).context("no key behind a certificate")?;
        let key = format!("{KEY}{key}");
        let der = PrivateKeyDer::from_pem_slice(key.as_bytes())?.secret_der().to_vec();
        Ok(Self { chain: chain.to_owned(), key, der })
    }

    /// The private number.
    pub fn key_bytes(&self) -> &[u8] {
        self.der.get(NUMBER).unwrap_or_default()
    }

    /// What gives the key away: the parts of its PEM that hold some of the number, and any 16 bytes of the number in base64, as
    /// hexadecimal digits, and as numbers in a list.
    pub fn traces(&self) -> Vec<String> {
        // 64 characters of a line are 48 bytes, so that the number ends one and begins the next.
        let mut lines = self.key.lines().filter(|line| !line.starts_with('-'));
        let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let mut traces: Vec<String> =
            [first.get(48..), second.get(..24)].into_iter().flatten().map(str::to_owned).collect();
        for sixteen in self.key_bytes().windows(16) {
            // The middle of the encoded text does not depend on what stands before and behind.
            let encoded = ["", "a", "ab"].map(|before| base64(&[before.as_bytes(), sixteen].concat()));
            traces.extend(encoded.map(|text| text.get(4..text.len() - 4).unwrap_or_default().to_owned()));
            let digits: String = sixteen.iter().map(|byte| format!("{byte:02x}")).collect();
            traces.extend([digits.to_uppercase(), digits]);
            traces.push(sixteen.iter().map(u8::to_string).collect::<Vec<_>>().join(", "));
        }
        traces
    }

    fn acceptor(&self, trusted: &Self) -> anyhow::Result<TlsAcceptor> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(trusted.chain.as_bytes())?)?;
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build()?;
        let settings = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(
                vec![CertificateDer::from_pem_slice(self.chain.as_bytes())?],
                PrivateKeyDer::from_pem_slice(self.key.as_bytes())?,
            )?;
        Ok(TlsAcceptor::from(Arc::new(settings)))
    }

    /// Settings of a library at `server` that shows `chain` with `key`.
    fn config(&self, form: &Form, server: SocketAddr, chain: &str, key: &str) -> Config {
        Config::new(format!("https://{server}"), form.auth.clone(), Arc::new(Fixed::new(CANARY)))
            .with_root_certificates(self.chain.as_str())
            .with_client_certificate(chain, key)
            .with_retry(Retry::never())
            .with_clock(Arc::new(Leaping::default()))
    }
}

/// What becomes of the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// The server trusts it.
    Taken,
    /// The server trusts another one.
    Refused,
    /// The server ends the connection when it has seen it.
    Closed,
    /// It is another one's key.
    OfAnother,
    /// The key is cut in the middle.
    HalfAKey,
}

/// All cases.
pub const CASES: [Case; 5] = [Case::Taken, Case::Refused, Case::Closed, Case::OfAnother, Case::HalfAKey];

impl Case {
    /// What the account of it holds.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Taken => "uploaded",
            Self::Refused | Self::Closed => "ProviderUnavailable",
            Self::OfAnother | Self::HalfAKey => "ClientCertificate",
        }
    }

    /// Lets it happen; all that is said about it.
    ///
    /// # Errors
    /// If a port cannot be had.
    pub async fn run(self, identity: &Identity) -> anyhow::Result<String> {
        let (form, other) = (&FORMS[0], Identity::new()?);
        let provider = Emulator::new(roomy(true)).serve().await?;
        let acceptor = identity.acceptor(if self == Self::Refused { &other } else { identity })?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (server, upstream) = (listener.local_addr()?, provider.local_addr());
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A handshake that fails, or a connection that breaks, is what the client tells about.
                let Ok(mut client) = acceptor.accept(stream).await else { continue };
                if self == Self::Closed {
                    continue;
                }
                if let Ok(mut upstream) = TcpStream::connect(upstream).await {
                    let _ended = copy_bidirectional(&mut client, &mut upstream).await;
                }
            }
        });
        let half = identity.key.get(..identity.key.len() / 2).unwrap_or_default();
        let (chain, key) = match self {
            Self::OfAnother => (&other.chain, identity.key.as_str()),
            Self::HalfAKey => (&identity.chain, half),
            Self::Taken | Self::Refused | Self::Closed => (&identity.chain, identity.key.as_str()),
        };
        let config = identity.config(form, server, chain, key);
        let said = match Transport::new(config.clone()) {
            Err(error) => format!("{config:?} {error:?} {error}"),
            Ok(transport) => format!("{config:?} {transport:?} {}", upload(form, config.clone()).await),
        };
        serving.abort();
        Ok(said.replace('\n', " "))
    }
}

async fn upload(form: &Form, config: Config) -> String {
    let library: Arc<dyn ImageLibrary> = form.open(config);
    match single(library.upload(&form.album(1), &[world::upload(form, 1, 3_000)]).await) {
        Ok(uploaded) => format!("uploaded {:?}", uploaded.image.id),
        Err(error) => says(&error),
    }
}
