//! The TLS settings of one transport. The cryptography is passed in here; no process-wide default is installed or used.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use secrecy::{ExposeSecret, SecretString};

use crate::ConfigError;

/// Settings of a TLS client that trusts the system's certificate authorities and those in `roots` (PEM), and shows `client`
/// where it is asked for a certificate: the chain (PEM, its own first) and its private key (PEM).
///
/// Those of the calls to providers, for other clients of the same program. It agrees on no protocol (ALPN).
///
/// # Errors
/// If something is not PEM, or certificate and key do not belong together; what an error says holds no part of the key.
pub fn settings(roots: Option<&[u8]>, client: Option<&(Vec<u8>, SecretString)>) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(ring::default_provider());
    let extra = roots.map(certificates).transpose().map_err(ConfigError::RootCertificates)?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(ConfigError::Tls)?;
    let trusting = versions(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let Some((chain, key)) = client else { return Ok(trusting.with_no_client_auth()) };
    let chain = certificates(chain).map_err(ConfigError::ClientCertificate)?;
    // What the reader complains about may quote the key.
    let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes())
        .map_err(|_| ConfigError::ClientCertificate("no private key in the pem".to_owned()))?;
    trusting.with_client_auth_cert(chain, key).map_err(|error| ConfigError::ClientCertificate(error.to_string()))
}

/// Settings that trust nobody, for a library on plain `http`, so that a system without certificates can reach it.
pub(crate) fn unused() -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(ring::default_provider());
    Ok(versions(provider)?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn versions(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, ConfigError> {
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(ConfigError::Tls)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(list) if list.is_empty() => Err("no certificate in the pem".to_owned()),
        Ok(list) => Ok(list),
        Err(error) => Err(error.to_string()),
    }
}

/// Whether a handshake failure is among the causes of `error`.
pub(crate) fn is_cause_of(error: &(dyn std::error::Error + 'static)) -> bool {
    if error.is::<rustls::Error>() {
        return true;
    }
    // An io::Error shows the causes of what it wraps, but not the wrapped error itself.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.is_some_and(|wrapped| is_cause_of(wrapped)) || error.source().is_some_and(is_cause_of)
}
