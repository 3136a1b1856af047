//! TLS: trusted and untrusted certificates, and peers that do not speak it.

use std::sync::Arc;
use std::time::Duration;

use polyptych_transport::{
    Auth, Call, Config, ConfigError, Delivery, ErrorKind, Fixed, Retry, TimeoutKind, Timeouts, Transport,
};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::peer::{Peer, TOKEN, post, put, reply};

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

/// Nobody answers the handshake, and a clock runs out that is not the connection's own.
#[tokio::test]
async fn a_write_that_runs_out_of_time_while_it_connects_was_not_sent_body_or_not() {
    for body in ["", "{}"] {
        for deadline in [None, Some(Duration::from_secs(4))] {
            let (peer, key) = (Peer::new().await, certificate());
            let limits = Timeouts {
                connect: Duration::from_secs(60),
                idle: Duration::from_secs(60),
                total: Duration::from_secs(5),
            };
            let config = config(&peer).with_root_certificates(key.cert.pem()).with_timeouts(limits);
            let transport = Transport::new(config.with_retry(Retry::never())).unwrap();
            let request = post(body);
            let mut call = Call::new(&request);
            call.deadline = deadline;
            let (answer, _stream) = tokio::join!(transport.execute(call), async {
                let mut stream = peer.accept().await;
                stream.read_u8().await.unwrap();
                tokio::time::pause();
                stream
            });
            tokio::time::resume();
            let error = answer.unwrap_err();
            let what = if deadline.is_some() { TimeoutKind::Deadline } else { TimeoutKind::Total };
            let limit = deadline.unwrap_or(limits.total);
            assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout { what, limit }, Delivery::NotSent));
        }
    }
}

/// A call starts to connect and is then given a connection that another call has left: it is sent there, though its
/// own connection never comes about.
#[tokio::test]
async fn a_call_that_took_a_kept_connection_while_it_was_connecting_is_unknown() {
    let (peer, key) = (Peer::new().await, certificate());
    let limits = Timeouts { connect: Duration::from_secs(60), ..Timeouts::default() };
    let config = config(&peer).with_root_certificates(key.cert.pem()).with_timeouts(limits);
    let transport = Transport::new(config.with_retry(Retry::never())).unwrap();
    let (first, second) = (put("{}"), put(""));
    let mut first = std::pin::pin!(transport.execute(&first));
    let mut kept = tokio::select! {
        answer = &mut first => panic!("{answer:?}"),
        stream = async {
            let mut stream = acceptor(&key).accept(peer.accept().await).await.unwrap();
            read_until(&mut stream, b"{}").await;
            stream
        } => stream,
    };
    let mut second = std::pin::pin!(transport.execute(Call::new(&second).with_deadline(Duration::from_secs(5))));
    let _never = tokio::select! {
        answer = &mut second => panic!("{answer:?}"),
        stream = async {
            let mut stream = peer.accept().await;
            stream.read_u8().await.unwrap();
            stream
        } => stream,
    };
    kept.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
    first.await.unwrap();
    let (answer, ()) = tokio::join!(second, async {
        read_until(&mut kept, b"\r\n\r\n").await;
        tokio::time::pause();
    });
    let error = answer.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Deadline, .. }), "{error:?}");
    assert_eq!(error.delivery(), Delivery::Unknown);
}

async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), end: &[u8]) {
    let mut seen = Vec::new();
    while !seen.ends_with(end) {
        seen.push(stream.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn a_client_certificate_is_shown_to_a_server_that_asks_for_one() {
    let (peer, key, own) = (Peer::new().await, certificate(), certificate());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(own.cert.der().clone()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(trusted), provider.clone())
        .build()
        .unwrap();
    let secret = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()));
    let settings = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![key.cert.der().clone()], secret)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(settings));

    let config = config(&peer).with_root_certificates(key.cert.pem()).with_retry(Retry::never());
    let shown = config.clone().with_client_certificate(own.cert.pem(), own.signing_key.serialize_pem());
    assert!(!format!("{shown:?}").contains("PRIVATE"));
    let (transport, request) = (Transport::new(shown).unwrap(), post("{}"));
    let (answer, certificates) = tokio::join!(transport.execute(&request), async {
        let mut stream = acceptor.accept(peer.accept().await).await.unwrap();
        read_until(&mut stream, b"{}").await;
        stream.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap().to_vec()
    });
    answer.unwrap();
    assert_eq!(certificates, [own.cert.der().clone()]);

    let transport = Transport::new(config).unwrap();
    let (answer, handshake) =
        tokio::join!(transport.execute(&request), async { acceptor.accept(peer.accept().await).await.err() });
    assert!(handshake.is_some());
    answer.unwrap_err();
}

#[tokio::test]
async fn a_client_certificate_without_its_key_is_refused_and_not_quoted() {
    let (peer, own, other) = (Peer::new().await, certificate(), certificate());
    let key = own.signing_key.serialize_pem();
    for (chain, key) in [
        (own.cert.pem(), "no key".to_owned()),
        (own.cert.pem(), own.cert.pem()),
        (own.cert.pem(), key.replace("-----END", "-----ENDE")),
        (own.cert.pem(), other.signing_key.serialize_pem()),
        ("no certificate".to_owned(), key.clone()),
    ] {
        let refused = Transport::new(config(&peer).with_client_certificate(chain, key.as_str())).unwrap_err();
        assert!(matches!(refused, ConfigError::ClientCertificate(_)), "{refused:?}");
        let quoted = key.lines().find(|line| line.len() > 20 && format!("{refused:?} {refused}").contains(line));
        assert_eq!(quoted, None);
    }
}

#[tokio::test]
async fn certificates_that_are_not_pem_are_refused() {
    let peer = Peer::new().await;
    let refused = Transport::new(config(&peer).with_root_certificates("not a certificate"));
    assert!(matches!(refused, Err(ConfigError::RootCertificates(_))));
}
