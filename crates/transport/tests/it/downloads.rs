//! Fetching what an answer points at, to compare it: from where, how far, and without what.

use futures_util::StreamExt;
use polyptych_transport::{DownloadError, Transport};

use crate::peer::{Peer, reply};

async fn download(transport: &Transport, url: &str, length: u64) -> Result<(bool, Vec<u8>), DownloadError> {
    let mut bytes = Vec::new();
    let whole = transport.download(url, length, &mut |piece| bytes.extend_from_slice(piece)).await?;
    Ok((whole, bytes))
}

#[tokio::test]
async fn a_file_of_the_expected_length_is_handed_over_without_asking_for_it_in_our_name() {
    let peer = Peer::new().await;
    let (transport, url) = (peer.transport(), format!("http://{}/a/picture?x=1", peer.address()));
    let (received, outcome) = tokio::join!(peer.answer(reply("200 OK", "12345")), download(&transport, &url, 5));
    assert_eq!(outcome.unwrap(), (true, b"12345".to_vec()));
    assert_eq!(received.first_line(), "GET /a/picture?x=1 HTTP/1.1");
    assert!(received.header("authorization").is_empty());
    assert_eq!(received.header("accept-encoding"), ["identity"]);
}

#[tokio::test]
async fn a_file_of_another_length_is_another_file_and_not_read_on() {
    let endless =
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n{}", "5\r\n12345\r\n".repeat(100));
    let short = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n123\r\n0\r\n\r\n".to_owned();
    for (answer, most) in [(reply("200 OK", "123456"), 0), (reply("200 OK", "1234"), 0), (endless, 5), (short, 3)] {
        let peer = Peer::new().await;
        let (transport, url) = (peer.transport(), format!("http://{}/", peer.address()));
        let (_, outcome) = tokio::join!(peer.answer(answer), download(&transport, &url, 5));
        let (whole, bytes) = outcome.unwrap();
        assert!(!whole && bytes.len() <= most, "{bytes:?}");
    }
}

#[tokio::test]
async fn what_is_not_the_file_as_it_is_kept_is_an_error() {
    let packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345";
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    for (answer, expected) in [
        (packed, "the file is compressed"),
        (moved, "the file was answered with status 302"),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the file was answered with status 404"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12", "the connection for the file failed"),
    ] {
        let peer = Peer::new().await;
        let (transport, url) = (peer.transport(), format!("http://{}/", peer.address()));
        let (_, outcome) = tokio::join!(peer.answer(answer), download(&transport, &url, 5));
        assert_eq!(outcome.unwrap_err().to_string(), expected);
    }
}

#[tokio::test]
async fn an_answer_cannot_send_us_elsewhere() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let port: u16 = peer.address().rsplit(':').next().unwrap().parse().unwrap();
    for url in [
        "http://example.com/picture".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "https://169.254.169.254/".to_owned(),
        "https://[::1]/".to_owned(),
        "https://2130706433/".to_owned(),
        "https://example.com:8443/".to_owned(),
        "https://user:secret@example.com/".to_owned(),
        "ftp://example.com/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "/relative".to_owned(),
        String::new(),
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.1:{}/", port ^ 1),
        format!("http://user@127.0.0.1:{port}/"),
    ] {
        let refused = download(&transport, &url, 5).await.unwrap_err();
        assert!(matches!(refused, DownloadError::Address), "{url}: {refused}");
    }
}

/// The bytes of an opened file, and how it ended.
async fn read(transport: &Transport, url: &str, most: u64) -> (Vec<u8>, Result<Option<u64>, DownloadError>) {
    let mut bytes = Vec::new();
    let mut file = match transport.open_file(url, most).await {
        Ok(file) => file,
        Err(error) => return (bytes, Err(error)),
    };
    while let Some(piece) = file.pieces.next().await {
        match piece {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(error) => return (bytes, Err(error)),
        }
    }
    (bytes, Ok(file.length))
}

#[tokio::test]
async fn an_opened_file_comes_in_pieces_up_to_the_limit() {
    let chunked = |count: usize| {
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", "5\r\n12345\r\n".repeat(count))
    };
    for (answer, length, expected) in [
        (reply("200 OK", "12345"), 5, Ok(Some(5))),
        (reply("200 OK", "123456"), 0, Err("the file is longer than 5 bytes")),
        (chunked(1), 5, Ok(None)),
        (chunked(9), 5, Err("the file is longer than 5 bytes")),
        (reply("404 Not Found", ""), 0, Err("the file was answered with status 404")),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12".to_owned(), 2, Err("the connection for the file failed")),
    ] {
        let peer = Peer::new().await;
        let (transport, url) = (peer.transport(), format!("http://{}/", peer.address()));
        let (received, (bytes, outcome)) = tokio::join!(peer.answer(answer), read(&transport, &url, 5));
        assert!(received.header("authorization").is_empty());
        assert!(bytes.len() <= length, "{bytes:?}");
        match (outcome, expected) {
            (Ok(told), Ok(expected)) => assert_eq!((told, bytes.len()), (expected, length)),
            (told, expected) => {
                assert_eq!(told.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
            }
        }
    }
}

#[tokio::test]
async fn a_file_is_opened_only_where_one_may_be_fetched() {
    let peer = Peer::new().await;
    for url in ["http://127.0.0.1:1/", "https://127.0.0.1/", "ftp://example.com/", "https://user@example.com/", ""] {
        let (_, outcome) = read(&peer.transport(), url, 5).await;
        assert!(matches!(outcome, Err(DownloadError::Address)), "{url}: {outcome:?}");
    }
}
