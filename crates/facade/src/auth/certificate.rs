//! Who a client certificate names. It has been verified against the configured authorities before; here it is only read.
//! Names are the alternative ones; the common name of the subject is no identity (RFC 9525, section 2).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use super::keys::digest;

/// One name of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CertificateName {
    /// A DNS name among its alternative names, in lower case: `dns:till.example.com`.
    Dns(String),
    /// A URI among them, as a SPIFFE id is: `uri:spiffe://example.com/till`.
    Uri(String),
    /// The SHA-256 of the whole certificate: `sha256:` and 64 hex digits.
    Sha256([u8; 32]),
}

impl FromStr for CertificateName {
    type Err = NotACertificateName;

    fn from_str(text: &str) -> Result<Self, NotACertificateName> {
        match text.split_once(':') {
            Some(("dns", name)) if !name.is_empty() => Ok(Self::Dns(name.to_ascii_lowercase())),
            Some(("uri", uri)) if !uri.is_empty() => Ok(Self::Uri(uri.to_owned())),
            Some(("sha256", hex)) => digest(hex).map(Self::Sha256).ok_or(NotACertificateName),
            _ => Err(NotACertificateName),
        }
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
            Self::Sha256(digest) => {
                f.write_str("sha256:")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A text does not name a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a certificate is named by `dns:NAME`, `uri:URI`, or `sha256:` and 64 hex digits")]
pub struct NotACertificateName;

/// The client at the other end of a TLS connection, as its certificate names it; without a certificate it has no name.
#[derive(Debug, Clone, Default)]
pub struct Peer {
    names: Arc<[CertificateName]>,
}

impl Peer {
    /// The one that showed this certificate, which has been verified.
    pub(crate) fn of(certificate: Option<&CertificateDer<'_>>) -> Self {
        let Some(certificate) = certificate else { return Self::default() };
        let mut names = vec![CertificateName::Sha256(Sha256::digest(certificate).into())];
        // One that was verified can be read; without names of its own its digest is left.
        if let Ok(read) = webpki::EndEntityCert::try_from(certificate) {
            names.extend(read.valid_dns_names().map(|name| CertificateName::Dns(name.to_ascii_lowercase())));
            names.extend(read.valid_uri_names().map(|uri| CertificateName::Uri(uri.to_owned())));
        }
        Self { names: names.into() }
    }

    /// All its names.
    pub(super) fn names(&self) -> &[CertificateName] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for text in ["dns:till.example.com", "uri:spiffe://example.com/a:b", &digest] {
            assert_eq!(text.parse::<CertificateName>().unwrap().to_string(), text);
        }
        assert_eq!("dns:Till.Example".parse(), Ok(CertificateName::Dns("till.example".to_owned())));
        for text in ["", "till", "dns:", "uri:", "cn:till", "sha256:00", "email:a@b"] {
            assert_eq!(text.parse::<CertificateName>(), Err(NotACertificateName), "{text}");
        }
    }
}
