//! The TLS settings of one transport. The cryptography is passed in here; no process-wide default is installed or used.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::ConfigError;

/// Settings that trust the system's certificate authorities and those in `pem`.
pub(crate) fn settings(pem: Option<&[u8]>) -> Result<ClientConfig, ConfigError> {
    let provider = Arc::new(ring::default_provider());
    let extra = pem.map(certificates).transpose()?.unwrap_or_default();
    let verifier = Verifier::new_with_extra_roots(extra, provider.clone()).map_err(ConfigError::Tls)?;
    Ok(versions(provider)?.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
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

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(list) if list.is_empty() => Err(ConfigError::RootCertificates("no certificate in the pem".to_owned())),
        Ok(list) => Ok(list),
        Err(error) => Err(ConfigError::RootCertificates(error.to_string())),
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
