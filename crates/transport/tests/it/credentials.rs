//! Where tokens come from, and what happens without one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use polyptych_transport::{
    Auth, Config, CredentialError, CredentialSource, Delivery, ErrorKind, Fixed, FromEnv, FromFile, SecretString,
    Transport,
};
use polyptych_wire::{BodyWriter, Escape};
use secrecy::ExposeSecret;

use crate::peer::post;

async fn value(source: &dyn CredentialSource) -> String {
    source.credential().await.unwrap().expose_secret().to_owned()
}

#[tokio::test]
async fn a_fixed_credential_is_trimmed_and_never_empty() {
    assert_eq!(value(&Fixed::new(" secret\n")).await, "secret");
    assert!(matches!(Fixed::new(" \n").credential().await, Err(CredentialError::Empty)));
}

#[tokio::test]
async fn an_environment_variable_is_read() {
    assert_eq!(value(&FromEnv::new("PATH")).await, std::env::var("PATH").unwrap().trim());
    let missing = FromEnv::new("POLYPTYCH_TEST_NOT_SET").credential().await;
    assert!(matches!(missing, Err(CredentialError::Unset(name)) if name == "POLYPTYCH_TEST_NOT_SET"));
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let write = |text: &str, modified: SystemTime| {
        std::fs::write(&path, text).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    };
    let source = FromFile::new(&path);

    write("first\n", epoch);
    assert_eq!(value(&source).await, "first");
    write("FIRST\n", epoch);
    assert_eq!(value(&source).await, "first", "same time, length and inode: not read again");
    write("FIRST\n", epoch + Duration::from_secs(1));
    assert_eq!(value(&source).await, "FIRST");
    write("longer\n", epoch + Duration::from_secs(1));
    assert_eq!(value(&source).await, "longer");
}

#[tokio::test]
async fn a_refused_credential_is_read_anew_though_its_file_looks_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let source = FromFile::new(&path);
    for text in ["first", "FIRST"] {
        std::fs::write(&path, text).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(epoch).unwrap();
        assert_eq!(value(&source).await, "first");
    }
    assert_eq!(source.refreshed().await.unwrap().expose_secret(), "FIRST");
    assert_eq!(value(&source).await, "FIRST");
}

#[tokio::test]
async fn a_file_without_a_usable_credential_is_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    let source = FromFile::new(&path);
    assert!(matches!(source.credential().await, Err(CredentialError::File { .. })));
    std::fs::write(&path, " \n").unwrap();
    assert!(matches!(source.credential().await, Err(CredentialError::Empty)));
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(source.credential().await, Err(CredentialError::NotUtf8)));
    std::fs::write(&path, vec![b'a'; 64 * 1024 + 1]).unwrap();
    assert!(matches!(source.credential().await, Err(CredentialError::TooLarge)));
}

#[tokio::test]
async fn without_a_usable_credential_nothing_is_sent() {
    // Nobody listens there: a connection would be another error.
    let base = "http://127.0.0.1:9";
    let mut body = BodyWriter::new();
    body.push_credential(Escape::Xml);
    let request = post(body.finish());
    for secret in ["", "new\nline", "bell\u{7}"] {
        for auth in [Auth::Bearer, Auth::InBody] {
            let transport = Transport::new(Config::new(base, auth, Arc::new(Unchecked(secret)))).unwrap();
            let error = transport.execute(&request).await.unwrap_err();
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Credential, Delivery::NotSent));
            assert!(error.is_credential());
            assert!(std::error::Error::source(&error).unwrap().is::<CredentialError>());
        }
    }
}

/// A source of another crate, which gives whatever it has.
struct Unchecked(&'static str);

#[async_trait::async_trait]
impl CredentialSource for Unchecked {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        Ok(self.0.into())
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_without_an_end_is_not_read_to_its_end() {
    let endless = FromFile::new("/dev/zero").credential().await;
    assert!(matches!(endless, Err(CredentialError::TooLarge)), "{endless:?}");
}
