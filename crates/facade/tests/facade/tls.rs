//! TLS: who is let in by which certificate, and certificates that change while the server serves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use polyptych_domain::{ImageLibrary, InlineWorkers, Service};
use polyptych_facade::auth::{Access, CertificateName, Client, FileError, Guard, Reflection, Right};
use polyptych_facade::{ClientAuthorities, Facade, Settings, Tls, TlsFiles};
use polyptych_proto::v1;
use polyptych_proto::v1::library_service_client::LibraryServiceClient;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tonic::codegen::http::Uri;
use tonic::{Code, Status};

use crate::access::clients::nameless;
use crate::library::MemoryLibrary;
use crate::support::{Wire, now, work};

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
struct Identity {
    certificate: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn sign(&self, names: &[&str], uri: Option<&str>) -> Identity {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.subject_alt_names.extend(uri.map(|uri| SanType::URI(uri.try_into().unwrap())));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.der().clone(), pem: certificate.pem(), key }
    }
}

struct Files(TempDir);

impl Files {
    fn new(server: &Identity, clients: &Authority) -> Self {
        let files = Self(TempDir::new().unwrap());
        files.put("clients.pem", &clients.0.pem());
        files.serve(server);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn serve(&self, server: &Identity) {
        self.put("key.pem", &server.key.serialize_pem());
        self.put("certificate.pem", &server.pem);
    }

    fn tls(&self, required: bool) -> TlsFiles {
        let clients = Some(ClientAuthorities { certificates: self.path("clients.pem"), required });
        TlsFiles { certificate: self.path("certificate.pem"), key: self.path("key.pem"), clients, http1: false }
    }
}

/// A façade on a port of this machine.
async fn serve(tls: &Tls, clients: Vec<Client>, folder: &Path) -> u16 {
    let library: Arc<dyn ImageLibrary> = Arc::new(MemoryLibrary::new("alpha", Some("self")));
    let service = Service::new(vec![library], Arc::new(InlineWorkers)).unwrap();
    let settings = Settings { spool_dir: folder.join("spool"), ..Settings::default() };
    let guard = Guard::new(Access::new(clients, None, Reflection::Open).unwrap(), now);
    let facade = Facade::new(Arc::new(service), work(), settings).unwrap().with_guard(guard);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = tls.clone();
    tokio::spawn(async move { facade.serve_tls(listener, &tls, std::future::pending()).await });
    port
}

/// Why there is no connection, or what a call on it came to.
#[derive(Debug)]
enum Failure {
    Handshake,
    Call(Status),
}

impl Failure {
    fn code(&self) -> Option<Code> {
        match self {
            Self::Handshake => None,
            Self::Call(status) => Some(status.code()),
        }
    }
}

async fn ask(port: u16, trusted: &Authority, shown: Option<&Identity>) -> Result<Vec<String>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let settings = settings.with_root_certificates(roots);
    let mut settings = match shown {
        None => settings.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
            settings.with_client_auth_cert(vec![identity.certificate.clone()], key).unwrap()
        }
    };
    settings.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("facade.test").unwrap();
    let stream = TlsConnector::from(Arc::new(settings)).connect(name, stream).await.map_err(|_| Failure::Handshake)?;
    let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(|_| Failure::Handshake)?;
    let connection = tokio::spawn(connection);
    let mut client = LibraryServiceClient::with_origin(Wire::of(sender), Uri::from_static("https://facade.test"));
    match client.list_libraries(v1::ListLibrariesRequest::default()).await {
        Ok(answer) => Ok(answer.into_inner().libraries.into_iter().map(|library| library.name).collect()),
        // With TLS 1.3 a client learns only after its handshake that its certificate is not accepted.
        Err(status) if status.code() == Code::Unknown => {
            assert!(connection.await.unwrap().is_err(), "{status:?}");
            Err(Failure::Handshake)
        }
        Err(status) => Err(Failure::Call(status)),
    }
}

fn named(id: &str, certificates: &[&str], libraries: &[&str]) -> Client {
    let certificates = certificates.iter().map(|name| name.parse::<CertificateName>().unwrap()).collect();
    Client { certificates, ..nameless(id, libraries, &[Right::Read]) }
}

#[tokio::test]
async fn a_client_is_known_by_a_name_of_its_certificate_and_by_no_certificate_of_another_authority() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let files = Files::new(&authority.sign(&["facade.test"], None), &authority);
    let plain = authority.sign(&[], None);
    let digest = ring::digest::digest(&ring::digest::SHA256, &plain.certificate);
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let clients = vec![
        named("by-dns", &["dns:till.test"], &["*"]),
        named("by-uri", &["uri:spiffe://test/agency"], &["a*"]),
        named("by-digest", &[&format!("sha256:{digest}")], &["beta"]),
    ];
    let alpha = vec!["libraries/alpha".to_owned()];
    for required in [false, true] {
        let tls = Tls::open(files.tls(required)).unwrap();
        let port = serve(&tls, clients.clone(), files.0.path()).await;
        let ask = async |shown: Option<&Identity>| ask(port, &authority, shown).await;
        assert_eq!(ask(Some(&authority.sign(&["TILL.test", "x.test"], None))).await.unwrap(), alpha);
        assert_eq!(ask(Some(&authority.sign(&["x.test"], Some("spiffe://test/agency")))).await.unwrap(), alpha);
        assert_eq!(ask(Some(&plain)).await.unwrap(), Vec::<String>::new());
        let unknown = ask(Some(&authority.sign(&["x.test"], None))).await.unwrap_err();
        assert_eq!(unknown.code(), Some(Code::Unauthenticated));
        let of_two = ask(Some(&authority.sign(&["till.test"], Some("spiffe://test/agency")))).await.unwrap_err();
        assert_eq!(of_two.code(), Some(Code::Unauthenticated));
        let strange = ask(Some(&stranger.sign(&["till.test"], None))).await.unwrap_err();
        assert_eq!(strange.code(), None, "{strange:?}");
        let without = ask(None).await.unwrap_err();
        assert_eq!(without.code(), (!required).then_some(Code::Unauthenticated), "{without:?}");
    }
}

#[tokio::test]
async fn another_certificate_or_authority_counts_for_new_connections_and_a_spoilt_one_changes_nothing() {
    let (first, second) = (Authority::new(), Authority::new());
    let files = Files::new(&first.sign(&["facade.test"], None), &first);
    let tls = Tls::open(files.tls(true)).unwrap();
    let port = serve(&tls, vec![named("till", &["dns:till.test"], &["*"])], files.0.path()).await;
    let (old, new) = (first.sign(&["till.test"], None), second.sign(&["till.test"], None));
    assert!(ask(port, &first, Some(&old)).await.is_ok());
    assert!(ask(port, &second, Some(&old)).await.is_err());
    files.serve(&second.sign(&["facade.test"], None));
    assert!(ask(port, &first, Some(&old)).await.is_ok(), "nothing was read again yet");
    assert!(tls.files().reload().await.is_empty());
    assert!(ask(port, &second, Some(&old)).await.is_ok());
    assert_eq!(ask(port, &first, Some(&old)).await.unwrap_err().code(), None);
    files.put("clients.pem", &second.0.pem());
    assert!(tls.files().reload().await.is_empty());
    assert!(ask(port, &second, Some(&new)).await.is_ok());
    assert_eq!(ask(port, &second, Some(&old)).await.unwrap_err().code(), None);
    // A key that belongs to another certificate, as between two writes.
    files.put("key.pem", &KeyPair::generate().unwrap().serialize_pem());
    let failures = tls.files().reload().await;
    assert!(matches!(failures.as_slice(), [FileError::Content { .. }]), "{failures:?}");
    assert!(ask(port, &second, Some(&new)).await.is_ok());
}

#[tokio::test]
async fn who_does_not_speak_tls_is_dropped_and_holds_nobody_up() {
    let authority = Authority::new();
    let files = Files::new(&authority.sign(&["facade.test"], None), &authority);
    let tls = Tls::open(files.tls(false)).unwrap();
    let port = serve(&tls, vec![named("till", &["dns:till.test"], &["*"])], files.0.path()).await;
    let silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut plain = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut plain, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    // Closed, perhaps with an alert, and in some systems with a reset.
    let _ = plain.read_to_end(&mut said).await;
    assert!(said.len() < 16, "{said:?}");
    assert!(ask(port, &authority, Some(&authority.sign(&["till.test"], None))).await.is_ok());
    drop(silent);
}

#[test]
fn files_that_cannot_be_used_are_named_and_no_key_is_told() {
    let authority = Authority::new();
    let server = authority.sign(&["facade.test"], None);
    let secret = server.key.serialize_pem();
    let files = Files::new(&server, &authority);
    let canary = secret.lines().nth(1).unwrap().to_owned();
    for (name, text) in [
        ("certificate.pem", ""),
        ("certificate.pem", &secret),
        ("certificate.pem", &secret[..60]),
        ("key.pem", ""),
        ("key.pem", &server.pem),
        ("key.pem", &secret[..60]),
        ("clients.pem", ""),
        ("clients.pem", &secret),
    ] {
        files.serve(&server);
        files.put("clients.pem", &authority.0.pem());
        files.put(name, text);
        let error = Tls::open(files.tls(true)).unwrap_err();
        assert!(error.path().ends_with(name), "{name}: {error}");
        assert!(!format!("{error} {error:?}").contains(&canary), "{error}");
    }
    files.serve(&server);
    files.put("clients.pem", &authority.0.pem());
    std::fs::remove_file(files.path("key.pem")).unwrap();
    assert!(matches!(Tls::open(files.tls(true)), Err(FileError::Read { .. })));
}
