//! Plain exchanges: what is sent arrives as it is, and nowhere else.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use polyptych_transport::{ConfigError, Exchange, ExchangeBody, ExchangeConfig, ExchangeError};
use tokio::io::AsyncWriteExt;

use crate::peer::{Peer, read_request, reply};

fn exchange(peer: &Peer) -> Exchange {
    Exchange::new(&ExchangeConfig::new(format!("http://{}", peer.address()))).unwrap()
}

fn put(url: String, body: &'static str) -> http::Request<ExchangeBody> {
    let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed();
    http::Request::put(url).header("authorization", "signed").body(body).unwrap()
}

#[tokio::test]
async fn a_request_is_sent_as_it_is_and_any_answer_is_given() {
    let peer = Peer::new().await;
    let (exchange, request) = (exchange(&peer), put(format!("http://{}/a/b?x=1", peer.address()), "12345"));
    let (received, answer) = tokio::join!(peer.answer(reply("403 Forbidden", "no")), exchange.send(request));
    assert_eq!((received.first_line(), received.text()), ("PUT /a/b?x=1 HTTP/1.1", "12345"));
    assert_eq!((received.header("authorization"), received.header("content-length")), (vec!["signed"], vec!["5"]));
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "no");
}

#[tokio::test]
async fn nothing_is_sent_to_another_address_and_no_redirect_is_followed() {
    let (peer, other) = (Peer::new().await, Peer::new().await);
    let exchange = exchange(&peer);
    let refused = exchange.send(put(format!("http://{}/", other.address()), "")).await.unwrap_err();
    assert!(matches!(refused, ExchangeError::Address), "{refused}");
    let moved = format!("HTTP/1.1 307 Moved\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", other.address());
    let (_, answer) = tokio::join!(peer.answer(moved), exchange.send(put(format!("http://{}/", peer.address()), "")));
    assert_eq!(answer.unwrap().status(), 307);
}

#[tokio::test]
async fn what_became_of_a_request_is_told() {
    let gone = Peer::new().await.address();
    let nobody = Exchange::new(&ExchangeConfig::new(format!("http://{gone}"))).unwrap();
    let error = nobody.send(put(format!("http://{gone}/"), "")).await.unwrap_err();
    assert!(matches!(error, ExchangeError::Connect(_)), "{error}");

    let peer = Peer::new().await;
    let (exchange, request) = (exchange(&peer), put(format!("http://{}/", peer.address()), "1"));
    let (_, answer) = tokio::join!(
        async {
            let mut stream = peer.accept().await;
            read_request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12").await.unwrap();
        },
        exchange.send(request)
    );
    let error = answer.unwrap().into_body().collect().await.unwrap_err();
    assert!(matches!(error, ExchangeError::Interrupted(_)), "{error}");
}

#[test]
fn plain_http_leaves_this_machine_only_by_name() {
    let refused = Exchange::new(&ExchangeConfig::new("http://objects.test")).unwrap_err();
    assert!(matches!(refused, ConfigError::PlainHttp(_)), "{refused}");
    let named =
        ExchangeConfig { plain_http: vec!["objects.test".to_owned()], ..ExchangeConfig::new("http://objects.test") };
    assert!(Exchange::new(&named).is_ok());
    let user = ExchangeConfig::new("http://me:canary@127.0.0.1");
    assert!(matches!(Exchange::new(&user), Err(ConfigError::Address(_))));
}
