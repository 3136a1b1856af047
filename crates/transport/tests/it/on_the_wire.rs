//! What a request looks like to the server.

use http::{HeaderName, HeaderValue};
use polyptych_transport::{Auth, Config, ConfigError, ErrorKind, Fixed, SecretString, Signing, Transport};
use polyptych_wire::{Blob, BodyWriter, Escape};
use secrecy::ExposeSecret;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::io::AsyncWriteExt;

use crate::peer::{Peer, TOKEN, get, post, read_request, reply};
use crate::time::Jumping;

#[tokio::test]
async fn a_base64_body_is_announced_with_its_exact_length_and_not_chunked() {
    let peer = Peer::new().await;
    let image: Vec<u8> = (0..200_000_u32).map(|index| (index % 251) as u8).collect();
    let mut body = BodyWriter::new();
    body.push_str("{\"bytes\":\"");
    body.push_base64(&Blob::from_bytes(image.clone()));
    body.push_str("\"}");

    let (request, transport) = (post(body.finish()), peer.transport());
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "{}")));

    assert_eq!(answer.unwrap().body, "{}");
    assert_eq!(received.first_line(), "POST /images HTTP/1.1");
    assert_eq!(received.header("content-length"), [(10 + 200_000_usize.div_ceil(3) * 4 + 2).to_string()]);
    assert_eq!(received.header("transfer-encoding"), [""; 0]);
    let encoded = received.text().strip_prefix("{\"bytes\":\"").unwrap().strip_suffix("\"}").unwrap();
    assert_eq!(base64_simd::STANDARD.decode_to_vec(encoded).unwrap(), image);
}

#[tokio::test]
async fn a_bearer_credential_and_our_user_agent_are_sent() {
    let peer = Peer::new().await;
    let (request, transport) = (get("/images?limit=2"), peer.transport());
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("404 Not Found", "no")));

    let answer = answer.expect("an error status is an answer");
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (404, b"no".as_slice()));
    assert_eq!(received.first_line(), "GET /images?limit=2 HTTP/1.1");
    assert_eq!(received.header("authorization"), [format!("Bearer {TOKEN}")]);
    assert_eq!(received.header("user-agent"), [concat!("polyptych/", env!("CARGO_PKG_VERSION"))]);
    assert_eq!(received.header("content-length"), [""; 0]);
}

#[tokio::test]
async fn a_named_header_carries_the_bare_credential() {
    let peer = Peer::new().await;
    let auth = Auth::Header(HeaderName::from_static("x-authorization"));
    let transport = Transport::new(peer.config_with(auth)).unwrap();
    let request = get("/");
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "")));

    answer.unwrap();
    assert_eq!(received.header("x-authorization"), [TOKEN]);
    assert_eq!(received.header("authorization"), [""; 0]);
}

#[tokio::test]
async fn a_credential_in_the_body_is_escaped_and_in_no_header() {
    for (escape, expected) in [(Escape::Json, "<a\\\"b\\\\c&d>"), (Escape::Xml, "&lt;a&quot;b\\c&amp;d&gt;")] {
        let peer = Peer::new().await;
        let credential = Arc::new(Fixed::new("<a\"b\\c&d>"));
        let config = Config::new(format!("http://{}", peer.address()), Auth::InBody, credential);
        let transport = Transport::new(config).unwrap();
        let mut body = BodyWriter::new();
        body.push_str("[");
        body.push_credential(escape);
        body.push_str("]");
        let request = post(body.finish());
        let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "")));

        answer.unwrap();
        assert_eq!(received.text(), format!("[{expected}]"));
        assert_eq!(received.header("authorization"), [""; 0]);
    }
}

#[tokio::test]
async fn a_body_without_a_place_for_the_credential_is_refused_where_it_belongs_there() {
    let peer = Peer::new().await;
    let error = Transport::new(peer.config_with(Auth::InBody)).unwrap().execute(&post("{}")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_header_of_the_request_wins_over_one_of_the_library() {
    let peer = Peer::new().await;
    let language = HeaderName::from_static("accept-language");
    let config = peer
        .config()
        .with_header(language.clone(), HeaderValue::from_static("en"))
        .with_header(http::header::ACCEPT, HeaderValue::from_static("application/json"));
    let transport = Transport::new(config).unwrap();
    let mut request = get("/");
    request.headers.insert(language, HeaderValue::from_static("ru"));
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "")));

    answer.unwrap();
    assert_eq!(received.header("accept-language"), ["ru"]);
    assert_eq!(received.header("accept"), ["application/json"]);
}

#[tokio::test]
async fn a_post_without_a_body_announces_zero_bytes() {
    let peer = Peer::new().await;
    let (request, transport) = (post(""), peer.transport());
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "")));
    answer.unwrap();
    assert_eq!(received.header("content-length"), ["0"]);
}

#[tokio::test]
async fn a_path_below_the_base_address_is_kept() {
    let peer = Peer::new().await;
    let config = Config::new(format!("http://{}/api/", peer.address()), Auth::Bearer, Arc::new(Fixed::new(TOKEN)));
    let (request, transport) = (get("/images"), Transport::new(config).unwrap());
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(reply("200 OK", "")));
    answer.unwrap();
    assert_eq!(received.first_line(), "GET /api/images HTTP/1.1");
}

#[tokio::test]
async fn an_ipv6_host_is_reached_and_named_in_brackets() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        println!("skipped: no ipv6 loopback here");
        return;
    };
    let host = listener.local_addr().unwrap().to_string();
    let config = Config::new(format!("http://{host}"), Auth::Bearer, Arc::new(Fixed::new(TOKEN)));
    let (request, transport) = (get("/images"), Transport::new(config).unwrap());
    let (answer, received) = tokio::join!(transport.execute(&request), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let received = read_request(&mut stream).await;
        stream.write_all(reply("200 OK", "").as_bytes()).await.unwrap();
        received
    });
    answer.unwrap();
    assert_eq!((received.header("host"), transport.host()), (vec![host.as_str()], host.as_str()));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let peer = Peer::new().await;
    let moved = format!("HTTP/1.1 307 Moved\r\nLocation: http://{}/other\r\nContent-Length: 0\r\n\r\n", peer.address());
    let (request, transport) = (get("/images"), peer.transport());
    let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(&moved));
    assert_eq!(answer.unwrap().status.as_u16(), 307);
    assert_eq!(received.first_line(), "GET /images HTTP/1.1");
}

#[tokio::test]
async fn a_path_that_a_url_parser_would_read_differently_is_refused() {
    let transport = Peer::new().await.transport();
    for path in ["images", "", "/a/../b", "/a/%2e%2e/b", "/a#b", "/a b", "/a\tb", "/?q=\"x\""] {
        let error = transport.execute(&get(path)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{path}");
    }
}

#[tokio::test]
async fn headers_that_frame_the_message_are_refused() {
    let peer = Peer::new().await;
    let mut request = post("{}");
    request.headers.insert(http::header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    let error = peer.transport().execute(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);

    let config = peer.config().with_header(http::header::HOST, HeaderValue::from_static("elsewhere"));
    assert!(matches!(Transport::new(config), Err(ConfigError::Header(name)) if name == "host"));
}

/// Proves any credential by its length.
struct Proof;

impl Signing for Proof {
    fn query(&self, credential: &SecretString, now: SystemTime) -> SecretString {
        let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        format!("proof={:0>64}&proof_time={seconds}", credential.expose_secret().len()).into()
    }
}

#[tokio::test]
async fn a_proof_of_the_credential_is_added_to_the_query_and_is_as_secret() {
    for (path, expected) in [("/images", "/images?"), ("/images?limit=2", "/images?limit=2&")] {
        let peer = Peer::new().await;
        let clock = Arc::new(Jumping::new());
        let transport = Transport::new(peer.config().with_clock(clock).with_signing(Arc::new(Proof))).unwrap();
        let proof = format!("{:0>64}", TOKEN.len());
        let head = format!("HTTP/1.1 200 OK\r\nX-Echo: /images?proof={proof}\r\nContent-Length: 0\r\n\r\n");
        let request = get(path);
        let (answer, received) = tokio::join!(transport.execute(&request), peer.answer(&head));
        let answer = answer.unwrap();
        assert_eq!(received.first_line(), format!("GET {expected}proof={proof}&proof_time=784111777 HTTP/1.1"));
        assert_eq!(answer.header("x-echo"), Some("[redacted]"));
        assert_eq!(answer.redacted(&format!("at {proof} of 784111777")), "at [redacted] of 784111777");
    }
}

#[test]
fn a_header_cannot_be_ended_by_its_value() {
    for value in ["a\r\nX-Evil: 1", "a\nb", "a\0b"] {
        assert!(HeaderValue::from_str(value).is_err(), "{value:?}");
    }
    assert!(HeaderName::from_bytes(b"x-a: b\r\nx-evil").is_err());
}

#[test]
fn plain_http_is_for_loopback_unless_allowed() {
    let config = |base: &str| Config::new(base, Auth::Bearer, Arc::new(Fixed::new(TOKEN)));
    for base in ["http://127.0.0.1:1", "http://127.8.9.1", "http://localhost:8080/", "http://[::1]:1"] {
        Transport::new(config(base)).unwrap();
    }
    for base in ["http://api.example.com", "http://10.0.0.1", "http://localhost.example.com", "http://[::2]"] {
        assert!(matches!(Transport::new(config(base)), Err(ConfigError::PlainHttp(_))), "{base}");
        let host = base.strip_prefix("http://").unwrap();
        Transport::new(config(base).allow_plain_http_to(host)).unwrap();
        let refused = Transport::new(config(base).allow_plain_http_to("elsewhere.example.com"));
        assert!(matches!(refused, Err(ConfigError::PlainHttp(_))), "{base}");
    }
}

#[test]
fn an_address_that_could_hide_a_secret_or_another_scheme_is_refused() {
    let config = |base: &str| Transport::new(Config::new(base, Auth::Bearer, Arc::new(Fixed::new(TOKEN))));
    for base in ["http://user:pass@127.0.0.1", "http://127.0.0.1/?access_token=x", "http://127.0.0.1/#x", "nonsense"] {
        let error = config(base).unwrap_err();
        assert!(matches!(error, ConfigError::Address(_)), "{base}");
        assert!(!format!("{error} {error:?}").contains("pass"), "{error}");
    }
    assert!(matches!(config("ftp://127.0.0.1"), Err(ConfigError::Scheme(scheme)) if scheme == "ftp"));
}
