//! TLS: trusted and untrusted certificates, and peers that do not speak it.

use std::sync::Arc;
use std::time::Duration;

use polyptych_transport::{Auth, Config, ConfigError, Delivery, ErrorKind, Fixed, TimeoutKind, Timeouts, Transport};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::peer::{Peer, TOKEN, post, reply};

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

fn config(peer: &Peer) -> Config {
    Config::new(format!("https://{}", peer.address()), Auth::Bearer, Arc::new(Fixed::new(TOKEN)))
}

fn acceptor(key: &CertifiedKey<KeyPair>) -> TlsAcceptor {
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![key.cert.der().clone()], secret)
        .unwrap();
    TlsAcceptor::from(Arc::new(settings))
}

#[tokio::test]
async fn an_extra_certificate_authority_is_trusted() {
    let (peer, key) = (Peer::new().await, certificate());
    let transport = Transport::new(config(&peer).with_root_certificates(key.cert.pem())).unwrap();
    let request = post("{}");
    let (answer, head) = tokio::join!(transport.execute(&request), async {
        let mut stream = acceptor(&key).accept(peer.accept().await).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n{}") {
            head.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(reply("200 OK", "ok").as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    assert_eq!(answer.unwrap().body, "ok");
    assert!(head.contains(TOKEN));
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_before_anything_is_sent() {
    let (peer, trusted, used) = (Peer::new().await, certificate(), certificate());
    let transport = Transport::new(config(&peer).with_root_certificates(trusted.cert.pem())).unwrap();
    let request = post("{}");
    let (answer, handshake) =
        tokio::join!(transport.execute(&request), async { acceptor(&used).accept(peer.accept().await).await });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Tls, Delivery::NotSent));
    assert!(handshake.is_err());
}

#[tokio::test]
async fn a_trusted_certificate_for_another_host_is_refused_before_anything_is_sent() {
    let (peer, key) = (Peer::new().await, generate_simple_self_signed(["other.example".to_owned()]).unwrap());
    let transport = Transport::new(config(&peer).with_root_certificates(key.cert.pem())).unwrap();
    let request = post("{}");
    let (answer, handshake) =
        tokio::join!(transport.execute(&request), async { acceptor(&key).accept(peer.accept().await).await });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Tls, Delivery::NotSent));
    assert!(handshake.is_err());
}

#[tokio::test]
async fn plain_http_to_a_tls_port_is_a_broken_connection() {
    let (peer, key) = (Peer::new().await, certificate());
    let (transport, request) = (peer.transport(), post("{}"));
    let (answer, handshake) =
        tokio::join!(transport.execute(&request), async { acceptor(&key).accept(peer.accept().await).await });
    assert_eq!(answer.unwrap_err().kind(), ErrorKind::Interrupted);
    assert!(handshake.is_err());
}

#[tokio::test]
async fn a_peer_without_tls_is_a_failed_handshake() {
    let (peer, key) = (Peer::new().await, certificate());
    let transport = Transport::new(config(&peer).with_root_certificates(key.cert.pem())).unwrap();
    let request = post("{}");
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Tls, Delivery::NotSent));
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_timeout_before_anything_is_sent() {
    let (peer, key) = (Peer::new().await, certificate());
    let limits = Timeouts { connect: Duration::from_secs(5), ..Timeouts::default() };
    let transport = Transport::new(config(&peer).with_root_certificates(key.cert.pem()).with_timeouts(limits)).unwrap();
    let request = post("{}");
    let (answer, _stream) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        stream.read_u8().await.unwrap();
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Connect, limit: limits.connect });
    assert_eq!(error.delivery(), Delivery::NotSent);
}

#[tokio::test]
async fn certificates_that_are_not_pem_are_refused() {
    let peer = Peer::new().await;
    let refused = Transport::new(config(&peer).with_root_certificates("not a certificate"));
    assert!(matches!(refused, Err(ConfigError::RootCertificates(_))));
}
