//! What the proxy does to an exchange, seen by a plain client in front of a plain server.

use std::net::SocketAddr;
use std::sync::Arc;

use polyptych_faults::fault::{Action, Ending, FAULTS, Fault, Until};
use polyptych_faults::proxy::{Passed, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BODY: &str = "{\"answer\":\"0123456789012345678901234567890123456789\"}";
const REQUEST: &str = "POST /path?secret HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789";

/// Answers every request that it gets whole, and says so if its body is not the one that was sent.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = Vec::new();
                let whole = |request: &[u8]| request.iter().rev().skip(10).take(4).eq(b"\r\n\r\n".iter().rev());
                while !whole(&request) && stream.read_buf(&mut request).await.is_ok_and(|read| read > 0) {}
                if whole(&request) {
                    let damaged = if request.ends_with(b"0123456789") { "" } else { "Damaged: yes\r\n" };
                    let length = BODY.len();
                    let answer = format!("HTTP/1.1 200 OK\r\n{damaged}Content-Length: {length}\r\n\r\n{BODY}");
                    let _gone = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    address
}

/// What a client reads to the end of the connection, and whether the end was orderly.
struct Read {
    text: String,
    reset: bool,
    proxy: Proxy,
}

async fn exchange(fault: Option<&'static Fault>) -> Read {
    let proxy = Proxy::start(server().await, Arc::new(move |_| fault)).expect("a proxy");
    let mut stream = TcpStream::connect(proxy.address()).await.expect("a connection");
    stream.write_all(REQUEST.as_bytes()).await.expect("a request");
    // Nothing more will be asked, so that the proxy ends the connection where it would wait for another request.
    if !fault.is_some_and(|fault| matches!(fault.action, Action::CutRequest(..))) {
        stream.shutdown().await.expect("an end");
    }
    let (mut bytes, mut reset) = (Vec::new(), false);
    loop {
        match stream.read_buf(&mut bytes).await {
            Ok(0) => break,
            Ok(_) if bytes.len() > 1 << 20 => break,
            Ok(_) => {}
            Err(_) => {
                reset = true;
                break;
            }
        }
    }
    proxy.settled().await;
    Read { text: String::from_utf8_lossy(&bytes).into_owned(), reset, proxy }
}

fn fault(name: &str) -> &'static Fault {
    Fault::named(name).expect("a fault")
}

#[tokio::test]
async fn without_a_fault_an_exchange_passes_unchanged_and_is_recorded() {
    let read = exchange(None).await;
    assert_eq!(read.text, format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{BODY}", BODY.len()));
    let records = read.proxy.log().records();
    let [record] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((record.line.as_str(), record.passed, record.status), ("POST /path", Passed::Whole, Some(200)));
    assert_eq!(record.answered, read.text.len() as u64);
}

#[tokio::test]
async fn each_fault_does_what_its_row_says() {
    for fault in FAULTS.iter().filter(|fault| fault.action != Action::Refuse) {
        if matches!(fault.action, Action::CutRequest(_, Ending::Silence) | Action::CutAnswer(_, Ending::Silence)) {
            continue;
        }
        let read = exchange(Some(fault)).await;
        let name = fault.name;
        let records = read.proxy.log().records();
        assert_eq!(records.len(), 1, "{name}");
        assert_eq!(records[0].passed == Passed::Whole, fault.reaches(), "{name}: {records:?}");
        assert_eq!(records[0].fault, Some(name));
        assert_eq!(read.text.contains("Damaged"), fault.action == Action::CorruptRequest, "{name}");
        let resets = matches!(fault.action, Action::CutRequest(_, Ending::Reset) | Action::CutAnswer(_, Ending::Reset));
        assert_eq!(read.reset, resets, "{name}");
        let (body, whole) = (read.text.split_once("\r\n\r\n").map_or("", |(_, body)| body), BODY.len());
        let length = |text: &str| text.to_lowercase().contains(&format!("content-length: {}\r\n", body.len()));
        match fault.action {
            Action::CutRequest(..) | Action::CutAnswer(Until::Bytes(0), _) => assert_eq!(read.text, "", "{name}"),
            Action::CutAnswer(Until::Bytes(bytes), _) => assert_eq!(read.text.len() as u64, bytes, "{name}"),
            Action::CutAnswer(Until::Body(_), _) => assert_eq!(body.len(), whole / 2, "{name}"),
            Action::HalveBody => assert!(body.len() == whole / 2 && length(&read.text), "{name}: {}", read.text),
            Action::Corrupt => assert!(body.contains('\u{fffd}') && body.starts_with("{\"answer"), "{name}: {body}"),
            Action::CorruptRequest => {
                assert!(body == BODY && read.text.contains("Damaged: yes\r\n"), "{name}: {}", read.text);
            }
            Action::CorruptGzip => {
                let head = read.text.to_lowercase();
                assert!(head.contains("content-encoding: gzip\r\n") && body.contains('\u{fffd}'), "{name}: {head}");
            }
            Action::Duplicate => assert_eq!(read.text.matches(BODY).count(), 2, "{name}"),
            Action::Drip => assert_eq!(body, BODY, "{name}"),
            Action::Overstate | Action::Understate => assert!(body == BODY && !length(&read.text), "{name}"),
            Action::Instead { status, retry_after, .. } => {
                assert!(read.text.starts_with(&format!("HTTP/1.1 {status} ")), "{name}: {}", read.text);
                assert_eq!(read.text.contains("Retry-After: 1\r\n"), retry_after.is_some(), "{name}");
            }
            Action::Inflate => {
                let ratio = (64 << 20) / records[0].answered;
                assert!(ratio > 900, "{name}: {ratio}");
            }
            Action::Endless => assert!(read.text.len() > 1 << 20, "{name}"),
            Action::Refuse => {}
        }
    }
}

#[tokio::test]
async fn a_silent_proxy_says_nothing_and_keeps_the_connection() {
    for name in ["request-stall", "lost-stall"] {
        let rule = fault(name);
        let proxy = Proxy::start(server().await, Arc::new(move |_| Some(rule))).expect("a proxy");
        let mut stream = TcpStream::connect(proxy.address()).await.expect("a connection");
        stream.write_all(REQUEST.as_bytes()).await.expect("a request");
        while proxy.log().records().is_empty() {
            tokio::task::yield_now().await;
        }
        proxy.settled().await;
        let mut byte = [0];
        let read = futures_util::FutureExt::now_or_never(stream.read(&mut byte));
        assert!(read.is_none(), "{name}: {read:?}");
        assert_eq!(proxy.log().passed(), usize::from(rule.reaches()), "{name}");
    }
}

#[tokio::test]
async fn a_refusing_proxy_refuses_connections() {
    let proxy = Proxy::refusing().expect("a port");
    let refused = TcpStream::connect(proxy.address()).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
}
