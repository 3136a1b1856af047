//! Which tries are followed by another, after what wait, and what the outcome says of all of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use polyptych_transport::{
    ByStatus, Call, Config, CredentialError, CredentialSource, Delivery, Error, ErrorKind, Reading, Response, Retry,
    SecretString, TimeoutKind, Transport, Verdict,
};
use polyptych_wire::fault::Class;
use polyptych_wire::{Blob, BodyWriter, Effect, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::peer::{Peer, answer_all, get, last_reply, post, read_head, read_request};
use crate::time::Jumping;

const OK: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
const DOWN: &str = "HTTP/1.1 503 Down\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

fn clock() -> Arc<Jumping> {
    Arc::new(Jumping::new())
}

fn delete() -> Request {
    Request { effect: Effect::Idempotent, method: http::Method::DELETE, ..get("/images/1") }
}

#[tokio::test]
async fn a_read_is_repeated_after_growing_pauses() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), get("/"));
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DOWN, DOWN, OK]));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (200, 3));
    assert_eq!(clock.slept(), [125, 250]);
}

#[tokio::test]
async fn the_last_answer_is_given_when_the_tries_are_used_up() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), get("/"));
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DOWN; 4]));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (503, 4));
    assert_eq!(answer.verdict().class, Some(Class::Backoff));
}

#[tokio::test]
async fn a_write_is_not_repeated_after_an_error_that_proves_nothing() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), post("{}"));
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DOWN]));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (503, 1));
    assert!(clock.slept().is_empty());
}

#[tokio::test]
async fn a_refused_write_is_repeated_byte_for_byte_after_the_time_that_the_provider_names() {
    for hint in ["Retry-After: 3\r\n", "Retry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\n"] {
        let (peer, clock) = (Peer::new().await, clock());
        let transport = Transport::new(peer.patient(&clock)).unwrap();
        let mut body = BodyWriter::new();
        body.push_str("image=");
        body.push_base64(&Blob::from_bytes(vec![7; 100_000]));
        let request = post(body.finish());
        let busy = last_reply("429 Slow", hint, "");
        let (answer, received) = tokio::join!(transport.execute(&request), answer_all(&peer, [&busy, OK]));
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), answer.tries()), (200, 2));
        assert!(!answer.may_have_been_applied_before());
        assert_eq!(clock.slept(), [3125]);
        assert!(received[0].body == received[1].body && received[0].body.len() == 6 + 133_336);
    }
}

#[tokio::test]
async fn a_write_that_was_not_sent_is_repeated() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    let request = post(vec![7_u8; 64 * 1024 * 1024]);
    let (answer, received) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
        drop(stream);
        peer.answer(OK).await
    });
    assert_eq!(answer.unwrap().tries(), 2);
    assert_eq!(received.body.len(), 64 * 1024 * 1024);
}

/// A gateway that is too busy to read an upload answers before its end.
#[tokio::test]
async fn a_write_that_was_turned_away_before_its_end_is_repeated() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    let request = post(vec![7_u8; 64 * 1024 * 1024]);
    let (answer, (first, second)) = tokio::join!(transport.execute(&request), async {
        let mut stream = peer.accept().await;
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let second = peer.answer(OK).await;
        let mut first = Vec::new();
        // A reset is as good an end as a close here.
        let _ = stream.read_to_end(&mut first).await;
        (first, second)
    });
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (200, 2));
    assert_eq!(second.body.len(), 64 * 1024 * 1024);
    assert!(first.len() < 64 * 1024 * 1024, "the first try was completed after it had been given up");
}

#[tokio::test]
async fn a_write_without_an_answer_is_never_sent_again() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), post("{}"));
    let served = async {
        drop(read_request(&mut peer.accept().await).await);
        peer.accept().await
    };
    let error = tokio::select! {
        answer = transport.execute(&request) => answer.unwrap_err(),
        _ = served => panic!("sent again"),
    };
    assert_eq!((error.delivery(), error.tries()), (Delivery::Unknown, 1));
}

#[tokio::test]
async fn a_write_whose_answer_was_cut_is_never_sent_again() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), post("{}"));
    let cut = "HTTP/1.1 429 Slow\r\nRetry-After: 9\r\nContent-Length: 100\r\n\r\nhalf";
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [cut]));
    let error = answer.unwrap_err();
    assert_eq!((error.delivery(), error.tries()), (Delivery::Answered, 1));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_repeated_deletion_says_that_an_earlier_try_may_have_deleted() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), delete());
    let gone = last_reply("404 Not Found", "", "");
    let (answer, _) = tokio::join!(transport.execute(&request), async {
        drop(read_request(&mut peer.accept().await).await);
        peer.answer(&gone).await
    });
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (404, 2));
    assert!(answer.may_have_been_applied_before());
}

#[tokio::test]
async fn an_error_speaks_for_all_tries_and_not_for_the_last_alone() {
    let (peer, clock) = (Peer::new().await, clock());
    let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), delete());
    let (answer, ()) = tokio::join!(transport.execute(&request), async {
        drop(read_request(&mut peer.accept().await).await);
        drop(peer);
    });
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (ErrorKind::Connect, 4));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(error.to_string().ends_with("(the request may have been applied)"), "{error}");
}

#[tokio::test]
async fn a_hint_beyond_the_patience_is_not_waited_for_and_is_told() {
    for (header, call_deadline) in [("Retry-After: 121\r\n", None), ("Retry-After: 11\r\n", Some(10))] {
        let (peer, clock) = (Peer::new().await, clock());
        let (transport, request) = (Transport::new(peer.patient(&clock)).unwrap(), get("/"));
        let mut call = Call::new(&request);
        call.deadline = call_deadline.map(Duration::from_secs);
        let busy = last_reply("503 Down", header, "");
        let (answer, _) = tokio::join!(transport.execute(call), answer_all(&peer, [&busy]));
        let answer = answer.unwrap();
        assert_eq!((answer.status.as_u16(), answer.tries()), (503, 1));
        assert!(answer.retry_after() >= Some(Duration::from_secs(11)));
        assert!(clock.slept().is_empty());
    }
}

#[tokio::test]
async fn nothing_of_a_throttled_account_is_sent_until_the_provider_lets_it() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    let (write, read) = (post("{}"), get("/"));
    let busy = last_reply("429 Slow", "Retry-After: 600\r\n", "");
    let throttled = Call::new(&write).with_account("throttled");
    let (answer, _) = tokio::join!(transport.execute(throttled.clone()), answer_all(&peer, [&busy]));
    assert_eq!(answer.unwrap().retry_after(), Some(Duration::from_secs(600)));

    let error = transport.execute(throttled).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), error.tries()), (ErrorKind::Throttled, Delivery::NotSent, 0));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));

    let other = Call::new(&read).with_account("other");
    let (answer, _) = tokio::join!(transport.execute(other), answer_all(&peer, [OK]));
    assert_eq!(answer.unwrap().tries(), 1, "another account goes on");

    clock.pass(Duration::from_secs(500));
    let waiting = Call::new(&read).with_account("throttled");
    let (answer, _) = tokio::join!(transport.execute(waiting), answer_all(&peer, [OK]));
    answer.unwrap();
    assert_eq!(clock.slept()[1..], [100_125], "the rest of the time is waited out");
}

#[tokio::test]
async fn in_an_outage_retries_run_dry_and_calls_are_mostly_not_sent() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    drop(peer);
    let (mut tries, mut suspended) = (0, 0);
    for _ in 0..1000 {
        let error = transport.execute(&get("/")).await.unwrap_err();
        tries += error.tries();
        if error.kind() == ErrorKind::Suspended {
            assert_eq!((error.tries(), error.delivery()), (0, Delivery::NotSent));
            assert!(error.retry_after().is_some_and(|time| time <= Duration::from_secs(30)));
            suspended += 1;
        }
        clock.pass(Duration::from_millis(10));
    }
    println!("1000 calls, {tries} tries, {suspended} calls not sent");
    assert!(tries <= 100 && suspended >= 900, "{tries} tries, {suspended} not sent");
}

#[tokio::test]
async fn without_suspension_an_outage_is_amplified_by_the_budget_alone() {
    let (peer, clock) = (Peer::new().await, clock());
    let retry = Retry { suspend_after: None, ..Retry::default() };
    let transport = Transport::new(peer.patient(&clock).with_retry(retry)).unwrap();
    drop(peer);
    let mut tries = 0;
    for _ in 0..1000 {
        tries += transport.execute(&get("/")).await.unwrap_err().tries();
    }
    assert_eq!(tries, 1000 + 10);
}

#[tokio::test]
async fn after_an_outage_a_probe_brings_the_account_back() {
    let (peer, clock) = (Peer::new().await, clock());
    let address = peer.address();
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    drop(peer);
    let mut error = transport.execute(&get("/")).await.unwrap_err();
    while error.kind() != ErrorKind::Suspended {
        error = transport.execute(&get("/")).await.unwrap_err();
    }
    clock.pass(error.retry_after().unwrap());
    let peer = Peer::at(&address).await;
    let request = get("/");
    for _ in 0..3 {
        let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [OK]));
        assert_eq!(answer.unwrap().status.as_u16(), 200);
    }
}

/// Another credential each time it is asked to look again, as long as there are any.
struct Rotating {
    left: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl CredentialSource for Rotating {
    async fn credential(&self) -> Result<SecretString, CredentialError> {
        Ok((*self.left.lock().unwrap().last().unwrap()).into())
    }

    async fn refreshed(&self) -> Result<SecretString, CredentialError> {
        let mut left = self.left.lock().unwrap();
        if left.len() > 1 {
            left.pop();
        }
        Ok((*left.last().unwrap()).into())
    }
}

fn rotating(peer: &Peer, clock: &Arc<Jumping>, tokens: &[&'static str]) -> Config {
    let source = Rotating { left: Mutex::new(tokens.iter().rev().copied().collect()) };
    let base = format!("http://{}", peer.address());
    Config::new(base, polyptych_transport::Auth::Bearer, Arc::new(source)).with_clock(clock.clone())
}

const DENIED: &str = "HTTP/1.1 401 Denied\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

#[tokio::test]
async fn a_refused_credential_is_replaced_once_if_there_is_a_new_one() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(rotating(&peer, &clock, &["old", "new", "newer"])).unwrap();
    let request = post("{}");
    let (answer, received) = tokio::join!(transport.execute(&request), answer_all(&peer, [DENIED, OK]));
    assert_eq!((answer.unwrap().tries(), clock.slept()), (2, vec![0]));
    let tokens: Vec<_> = received.iter().flat_map(|request| request.header("authorization")).collect();
    assert_eq!(tokens, ["Bearer old", "Bearer new"]);

    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DENIED, DENIED]));
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_u16(), answer.tries()), (401, 2), "the new one is refused, too");
}

#[tokio::test]
async fn a_refused_credential_that_has_not_changed_is_not_tried_again() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(rotating(&peer, &clock, &["only"])).unwrap();
    let request = post("{}");
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DENIED]));
    assert_eq!(answer.unwrap().tries(), 1);
}

/// Says the same of every answer but a 200.
struct Always(Class);

impl Reading for Always {
    fn read(&self, call: &Call<'_>, answer: &Response) -> Verdict {
        match answer.status.as_u16() {
            200 => ByStatus.read(call, answer),
            _ => Verdict {
                class: Some(self.0),
                refused: true,
                wait: Some(Duration::from_secs(60)),
                ..Verdict::default()
            },
        }
    }
}

#[tokio::test]
async fn a_used_up_quota_is_waited_for_only_if_that_is_asked_for() {
    for (waits, tries) in [(false, 1), (true, 2)] {
        let (peer, clock) = (Peer::new().await, clock());
        let retry = Retry { wait_for_quota: waits, ..Retry::default() };
        let config = peer.patient(&clock).with_retry(retry).with_reading(Arc::new(Always(Class::Quota)));
        let (transport, request) = (Transport::new(config).unwrap(), post("{}"));
        let answer = tokio::select! {
            answer = transport.execute(&request) => answer.unwrap(),
            _ = answer_all(&peer, [DOWN, OK, OK]) => unreachable!(),
        };
        assert_eq!(answer.tries(), tries);
        assert_eq!(clock.slept(), [60_125][..tries as usize - 1]);
        assert_eq!(answer.retry_after().is_some(), !waits);
    }
}

#[tokio::test]
async fn a_status_speaks_where_the_reading_says_nothing() {
    struct Silent;
    impl Reading for Silent {
        fn read(&self, _: &Call<'_>, _: &Response) -> Verdict {
            Verdict::default()
        }
    }
    let (peer, clock) = (Peer::new().await, clock());
    let config = peer.patient(&clock).with_reading(Arc::new(Silent));
    let (transport, request) = (Transport::new(config).unwrap(), get("/"));
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [DOWN, OK]));
    assert_eq!(answer.unwrap().tries(), 2);
    let missing = last_reply("404 Not Found", "", "");
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [&missing]));
    assert_eq!(answer.unwrap().verdict().class, None);
}

fn deadline_of(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::Timeout { what: TimeoutKind::Deadline, limit } => Some(limit),
        _ => None,
    }
}

#[tokio::test]
async fn a_call_past_its_deadline_ends_and_its_connection_is_closed() {
    let peer = Peer::new().await;
    let (transport, request) = (peer.transport(), post("{}"));
    let deadline = Duration::from_millis(100);
    let (answer, mut stream) = tokio::join!(transport.execute(Call::new(&request).with_deadline(deadline)), async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        tokio::time::pause();
        stream
    });
    let error = answer.unwrap_err();
    assert_eq!((deadline_of(&error), error.delivery(), error.tries()), (Some(deadline), Delivery::Unknown, 1));
    assert!(error.is_timeout());
    let end = tokio::time::timeout(Duration::from_secs(5), stream.read(&mut [0])).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
}

#[tokio::test]
async fn a_deadline_of_no_time_sends_nothing() {
    let peer = Peer::new().await;
    let request = post("{}");
    let call = Call::new(&request).with_deadline(Duration::ZERO);
    let error = peer.transport().execute(call).await.unwrap_err();
    assert_eq!((deadline_of(&error), error.delivery()), (Some(Duration::ZERO), Delivery::NotSent));
    assert_eq!(error.tries(), 0);
}

#[tokio::test]
async fn what_a_repetition_cannot_help_is_tried_once() {
    let (peer, clock) = (Peer::new().await, clock());
    let transport = Transport::new(peer.patient(&clock).with_max_response_bytes(1)).unwrap();
    let request = get("/");
    let (answer, _) = tokio::join!(transport.execute(&request), answer_all(&peer, [OK]));
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (ErrorKind::ResponseTooLarge { limit: 1 }, 1));
    let error = transport.execute(&get("no path")).await.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (ErrorKind::InvalidRequest, 1));
}

#[tokio::test]
async fn the_cap_of_an_answer_can_be_set_for_a_call() {
    let peer = Peer::new().await;
    let (transport, request) = (Transport::new(peer.config().with_max_response_bytes(1)).unwrap(), get("/"));
    let call = Call::new(&request).with_max_response_bytes(2);
    let (answer, _) = tokio::join!(transport.execute(call), answer_all(&peer, [OK]));
    assert_eq!(answer.unwrap().body, "{}");
}

#[tokio::test]
async fn a_call_given_up_between_tries_sends_nothing_more() {
    let peer = Peer::new().await;
    let transport = Transport::new(peer.config().with_retry(Retry::default())).unwrap();
    let request = get("/");
    let served = async {
        let mut stream = peer.accept().await;
        read_request(&mut stream).await;
        stream.write_all(DOWN.as_bytes()).await.unwrap();
        // Its end: the transport has read the answer and let go of the connection.
        let _ = stream.read(&mut [0]).await;
    };
    tokio::select! {
        biased;
        () = served => {}
        answer = transport.execute(&request) => panic!("{answer:?}"),
    }
    tokio::time::pause();
    let again = tokio::time::timeout(Duration::from_secs(600), peer.accept()).await;
    assert!(again.is_err());
}
