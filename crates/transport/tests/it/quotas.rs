//! Calls at once, and what the quotas that answers tell ask of the next calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use polyptych_transport::{
    Call, Clock, Delivery, ErrorKind, Gauge, Limit, Limits, Pace, PlaceError, Reading, Response, Retry, Scope,
    SharedLimits, SharedQuotas, TimeoutKind, Transport, Verdict,
};
use polyptych_wire::fault::Class;
use tokio::io::AsyncWriteExt;
use tokio::sync::Barrier;

use crate::peer::{Peer, answer_all, get, last_reply, read_request};
use crate::time::Jumping;

const KEY: &str = "yandex:login";

/// Serves connections until the test ends: each waits until `at_once` are there.
async fn serve(peer: &Peer, at_once: usize, most: Arc<AtomicUsize>) {
    let (barrier, now) = (Arc::new(Barrier::new(at_once)), Arc::new(AtomicUsize::new(0)));
    loop {
        let mut stream = peer.accept().await;
        let (barrier, now, most) = (barrier.clone(), now.clone(), most.clone());
        tokio::spawn(async move {
            read_request(&mut stream).await;
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            barrier.wait().await;
            now.fetch_sub(1, Ordering::SeqCst);
            stream.write_all(last_reply("200 OK", "", "{}").as_bytes()).await.unwrap();
        });
    }
}

#[tokio::test]
async fn at_most_five_calls_of_an_advertiser_are_under_way_over_all_libraries() {
    let (peer, limits, most) = (Peer::new().await, Arc::new(Limits::new()), Arc::new(AtomicUsize::new(0)));
    let libraries = [0, 1].map(|_| Transport::new(peer.config().with_limits(limits.clone())).unwrap());
    let request = get("/");
    let calls = (0..20).map(|number| libraries[number % 2].execute(Call::new(&request).with_limit(KEY, 5)));
    let answers = tokio::select! {
        answers = futures_util::future::join_all(calls) => answers,
        () = serve(&peer, 5, most.clone()) => unreachable!(),
    };
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|answer| answer.tries() == 1)));
    assert_eq!(most.load(Ordering::SeqCst), 5);
    assert_eq!(limits.keys_in_use(), 0);
}

/// Limits that other processes share: two places, and a count of those who ask. Given up, it gives none.
#[derive(Default)]
struct Others {
    asking: AtomicUsize,
    asked_at_once: AtomicUsize,
    away: bool,
}

#[async_trait]
impl SharedLimits for Others {
    async fn acquire(&self, limit: &Limit) -> Result<Box<dyn Send>, PlaceError> {
        assert_eq!(limit.key, KEY);
        self.asked_at_once.fetch_max(self.asking.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.asking.fetch_sub(1, Ordering::SeqCst);
        if self.away { Err("the database is away".into()) } else { Ok(Box::new(())) }
    }
}

#[tokio::test]
async fn a_place_that_processes_share_is_asked_for_by_no_more_than_have_one_of_this_process() {
    let (peer, others) = (Peer::new().await, Arc::new(Others::default()));
    let limits = Arc::new(Limits::shared(others.clone()));
    let transport = Transport::new(peer.config().with_limits(limits.clone())).unwrap();
    let request = get("/");
    let calls = (0..10).map(|_| transport.execute(Call::new(&request).with_limit(KEY, 2)));
    let answers = tokio::select! {
        answers = futures_util::future::join_all(calls) => answers,
        () = serve(&peer, 2, Arc::default()) => unreachable!(),
    };
    assert!(answers.iter().all(Result::is_ok));
    assert!(others.asked_at_once.load(Ordering::SeqCst) <= 2);
    assert_eq!(limits.keys_in_use(), 0);
}

#[tokio::test]
async fn a_call_is_not_sent_where_nobody_can_tell_whether_there_is_a_place() {
    let (peer, others) = (Peer::new().await, Others { away: true, ..Others::default() });
    let limits = Arc::new(Limits::shared(Arc::new(others)));
    let transport = Transport::new(peer.config().with_limits(limits.clone())).unwrap();
    let error = transport.execute(Call::new(&get("/")).with_limit(KEY, 2)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery(), error.tries()), (ErrorKind::NoPlace, Delivery::NotSent, 0));
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "the database is away");
    assert_eq!(limits.keys_in_use(), 0);
}

/// What other processes were told, and what they were told by this one.
#[derive(Default)]
struct Elsewhere {
    told: Mutex<Vec<(Gauge, SystemTime)>>,
    heard: Mutex<Vec<(Gauge, SystemTime)>>,
}

#[async_trait]
impl SharedQuotas for Elsewhere {
    fn tell(&self, _: &str, account: Option<&str>, known: &[(Gauge, SystemTime)]) {
        assert_eq!(account, Some("login"));
        *self.heard.lock().unwrap() = known.to_vec();
    }

    async fn told(&self, _: &str, _: Option<&str>) -> Vec<(Gauge, SystemTime)> {
        self.told.lock().unwrap().clone()
    }
}

/// Tells of each answer that this much is left.
struct Left(f64);

impl Reading for Left {
    fn read(&self, _: &Call<'_>, _: &Response) -> Verdict {
        Verdict { usage: vec![points(self.0)], ..Verdict::default() }
    }
}

fn points(left: f64) -> Gauge {
    Gauge { left: Some(left), pace: Pace::Covered(Duration::from_secs(3600)), ..Gauge::new("points", Scope::Account) }
}

#[tokio::test]
async fn what_another_process_was_told_of_a_quota_counts_where_it_is_newer() {
    let (peer, clock, elsewhere) = (Peer::new().await, Arc::new(Jumping::new()), Arc::new(Elsewhere::default()));
    let config = peer.patient(&clock).with_reading(Arc::new(Left(500.0))).with_shared_quotas(elsewhere.clone());
    let transport = Transport::new(config).unwrap();
    let (request, ok) = (get("/"), last_reply("200 OK", "", ""));
    let call = || transport.execute(Call::new(&request).with_account("login").with_price(20));
    let (answer, _) = tokio::join!(call(), answer_all(&peer, [&ok]));
    answer.unwrap();
    assert_eq!(elsewhere.heard.lock().unwrap().iter().map(|(gauge, _)| gauge.left).collect::<Vec<_>>(), [Some(500.0)]);

    // Older than what this process was told itself.
    *elsewhere.told.lock().unwrap() = vec![(points(1.0), clock.wall() - Duration::from_secs(60))];
    let (answer, _) = tokio::join!(call(), answer_all(&peer, [&ok]));
    answer.unwrap();

    clock.pass(Duration::from_secs(1));
    *elsewhere.told.lock().unwrap() = vec![(points(1.0), clock.wall())];
    assert_eq!(call().await.unwrap_err().kind(), ErrorKind::Unpaid);
}

/// Refuses as the status says, and tells no quota.
struct Refusing;

impl Reading for Refusing {
    fn read(&self, _: &Call<'_>, answer: &Response) -> Verdict {
        let class = match answer.status.as_u16() {
            402 => Class::Quota,
            429 => Class::LongPause,
            _ => return Verdict::default(),
        };
        Verdict { class: Some(class), refused: true, wait: Some(Duration::from_secs(600)), ..Verdict::default() }
    }
}

#[tokio::test]
async fn what_only_a_refusal_tells_of_a_quota_reaches_other_processes() {
    for (status, price, kind, cheaper) in [
        ("402 Payment Required", 20, ErrorKind::Unpaid, true),
        ("429 Too Many Requests", 0, ErrorKind::Throttled, false),
    ] {
        let (peer, clock, elsewhere) = (Peer::new().await, Arc::new(Jumping::new()), Arc::new(Elsewhere::default()));
        let process = || {
            let config = peer.patient(&clock).with_retry(Retry { tries: 1, ..Retry::default() });
            let config = config.with_reading(Arc::new(Refusing)).with_shared_quotas(elsewhere.clone());
            Transport::new(config).unwrap()
        };
        let (one, two) = (process(), process());
        let request = get("/");
        let call = |price| Call::new(&request).with_account("login").with_price(price);
        let refusal = last_reply(status, "", "");
        let (answer, _) = tokio::join!(one.execute(call(price)), answer_all(&peer, [&refusal]));
        assert!(answer.unwrap().verdict().refused);
        let heard = elsewhere.heard.lock().unwrap().clone();
        assert_eq!((heard.len(), one.usage(Some("login"))), (1, Vec::new()), "{status}: it is no quota to be shown");
        *elsewhere.told.lock().unwrap() = heard;
        let error = two.execute(call(price)).await.unwrap_err();
        assert_eq!((error.kind(), error.tries()), (kind, 0), "{status}");
        assert!(error.retry_after().unwrap() > Duration::from_secs(599), "{status}");
        let ok = last_reply("200 OK", "", "");
        if cheaper {
            let (answer, _) = tokio::join!(two.execute(call(price - 1)), answer_all(&peer, [&ok]));
            answer.unwrap();
        }
        clock.pass(Duration::from_secs(601));
        let (answer, _) = tokio::join!(two.execute(call(price)), answer_all(&peer, [&ok]));
        answer.unwrap();
    }
}

#[tokio::test]
async fn another_advertiser_does_not_wait_and_a_call_given_up_leaves_its_place() {
    let (peer, limits) = (Peer::new().await, Arc::new(Limits::new()));
    let transport = Transport::new(peer.config().with_limits(limits.clone())).unwrap();
    let (request, ok) = (get("/"), last_reply("200 OK", "", ""));
    let stalled = transport.execute(Call::new(&request).with_limit(KEY, 1));
    {
        let mut stalled = std::pin::pin!(stalled);
        let _stream = tokio::select! {
            answer = &mut stalled => panic!("{answer:?}"),
            stream = peer.accept() => stream,
        };
        let other = transport.execute(Call::new(&request).with_limit("yandex:other", 1));
        let (answer, _) = tokio::join!(other, answer_all(&peer, [&ok]));
        answer.unwrap();

        let waiting = Call::new(&request).with_limit(KEY, 1).with_deadline(Duration::from_secs(5));
        tokio::time::pause();
        let error = transport.execute(waiting).await.unwrap_err();
        tokio::time::resume();
        assert!(matches!(error.kind(), ErrorKind::Timeout { what: TimeoutKind::Deadline, .. }), "{error:?}");
        assert_eq!((error.tries(), limits.keys_in_use()), (0, 1));
    }
    assert_eq!(limits.keys_in_use(), 0, "the stalled call was given up");
    let next = transport.execute(Call::new(&request).with_limit(KEY, 1));
    let (answer, _) = tokio::join!(next, answer_all(&peer, [&ok]));
    answer.unwrap();
}

#[tokio::test]
async fn a_place_is_free_while_a_call_waits_for_its_next_try() {
    let (peer, limits) = (Peer::new().await, Arc::new(Limits::new()));
    let config = peer.config().with_retry(Retry { first_wait: Duration::from_secs(3600), ..Retry::default() });
    let transport = Transport::new(config.with_limits(limits.clone())).unwrap();
    let request = get("/");
    let mut waiting = std::pin::pin!(transport.execute(Call::new(&request).with_limit(KEY, 1)));
    let hint = last_reply("503 Down", "Retry-After: 100\r\n", "");
    tokio::select! {
        answer = &mut waiting => panic!("{answer:?}"),
        () = async {
            answer_all(&peer, [&hint]).await;
            while limits.keys_in_use() > 0 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
}

#[tokio::test]
async fn what_one_call_learns_of_a_block_keeps_those_back_that_are_waiting() {
    let (peer, clock) = (Peer::new().await, Arc::new(Jumping::new()));
    let transport = Transport::new(peer.patient(&clock)).unwrap();
    let request = get("/");
    let call = Call::new(&request).with_account("a").with_limit(KEY, 1);
    let busy = last_reply("429 Slow", "Retry-After: 600\r\n", "");
    let (first, second, _) =
        tokio::join!(transport.execute(call.clone()), transport.execute(call), answer_all(&peer, [&busy]));
    assert_eq!(first.unwrap().status.as_u16(), 429);
    let error = second.unwrap_err();
    assert_eq!((error.kind(), error.tries()), (ErrorKind::Throttled, 0));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
}

#[tokio::test]
async fn a_call_under_several_limits_never_waits_for_itself_or_for_one_that_waits_for_it() {
    let peer = Peer::new().await;
    let transport = peer.transport();
    let (request, ok) = (get("/"), last_reply("200 OK", "", ""));
    let one = Call::new(&request).with_limit("a", 1).with_limit("b", 1).with_limit("a", 1);
    let two = Call::new(&request).with_limit("b", 1).with_limit("a", 1);
    let (one, two, _) = tokio::join!(transport.execute(one), transport.execute(two), answer_all(&peer, [&ok; 2]));
    one.unwrap();
    two.unwrap();
}

/// Reads quotas as Yandex and Facebook might tell them: from headers of the test.
struct Told;

impl Reading for Told {
    fn read(&self, _: &Call<'_>, answer: &Response) -> Verdict {
        let number = |name: &str| answer.header(name).and_then(|text| text.parse::<f64>().ok());
        let seconds = |name: &str| number(name).map(Duration::from_secs_f64);
        let units = number("x-units-left").map(|left| Gauge {
            left: Some(left),
            limit: Some(1000.0),
            spent: Some(20.0),
            holder: Some("agency".to_owned()),
            ..Gauge::new("units", Scope::Account)
        });
        let app = number("x-app").map(|used| Gauge {
            used: Some(used),
            limit: Some(100.0),
            resets_in: seconds("x-reset"),
            pace: Pace::SlowFrom(0.9),
            ..Gauge::new("app_usage.call_count", Scope::Library)
        });
        let blocked = seconds("x-blocked")
            .map(|time| Gauge { pace: Pace::Closed(time), ..Gauge::new("business_use_case", Scope::Account) });
        let points = number("x-points").map(|left| Gauge {
            left: Some(left),
            pace: Pace::Covered(seconds("x-reset").unwrap_or_default()),
            ..Gauge::new("points", Scope::Account)
        });
        Verdict { usage: [units, app, blocked, points].into_iter().flatten().collect(), ..Verdict::default() }
    }
}

async fn told(headers: &str) -> (Peer, Arc<Jumping>, Transport) {
    let (peer, clock) = (Peer::new().await, Arc::new(Jumping::new()));
    let transport = Transport::new(peer.patient(&clock).with_reading(Arc::new(Told))).unwrap();
    call(&peer, &transport, "a", headers).await;
    (peer, clock, transport)
}

async fn call(peer: &Peer, transport: &Transport, account: &str, headers: &str) {
    let request = get("/");
    let reply = last_reply("200 OK", headers, "");
    let call = Call::new(&request).with_account(account);
    let (answer, _) = tokio::join!(transport.execute(call), answer_all(peer, [&reply]));
    answer.unwrap();
}

#[tokio::test]
async fn quotas_are_shown_per_account_and_cost_nothing_until_they_ask_for_it() {
    let (peer, clock, transport) = told("X-Units-Left: 10\r\nX-App: 89\r\n").await;
    let names = |account| {
        let told = transport.usage(account);
        told.iter().map(|(gauge, _)| (gauge.name.to_string(), gauge.share())).collect::<Vec<_>>()
    };
    let app = ("app_usage.call_count".to_owned(), Some(0.89));
    assert_eq!(names(Some("a")), [app.clone(), ("units".to_owned(), Some(0.99))]);
    assert_eq!(names(Some("b")), std::slice::from_ref(&app), "what is of the library is shown for every account");
    assert_eq!(names(None), [app]);

    let told_at = transport.usage(Some("a"))[1].1;
    clock.pass(Duration::from_secs(60));
    assert_eq!(transport.usage(Some("a"))[1].1, told_at, "the time of the answer, not of the question");
    call(&peer, &transport, "a", "").await;
    assert_eq!(clock.slept(), [60_000]);
}

#[tokio::test]
async fn a_call_that_the_last_answer_left_nothing_for_is_not_sent_save_to_find_out() {
    let (peer, clock, transport) = told("X-Points: 19\r\nX-Reset: 600\r\n").await;
    let request = get("/");
    let dear = || Call::new(&request).with_account("a").with_price(20);
    let error = transport.execute(dear()).await.unwrap_err();
    assert_eq!((error.kind(), error.tries(), error.delivery()), (ErrorKind::Unpaid, 0, Delivery::NotSent));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    let ok = last_reply("200 OK", "", "");
    let (answer, _) = tokio::join!(transport.execute(dear().with_price(19)), answer_all(&peer, [&ok]));
    answer.unwrap();
    clock.pass(Duration::from_secs(600));
    // The one that finds out may try more than once; who comes meanwhile waits for what it learns.
    let busy = last_reply("503 Busy", "", "");
    let (answer, _) = tokio::join!(transport.execute(dear()), answer_all(&peer, [&busy, &ok]));
    assert_eq!(answer.unwrap().tries(), 2);
    let error = transport.execute(dear()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unpaid);
    clock.pass(error.retry_after().unwrap());
    let rich = last_reply("200 OK", "X-Points: 500\r\n", "");
    let (answer, _) = tokio::join!(transport.execute(dear()), answer_all(&peer, [&rich]));
    answer.unwrap();
    let (answers, _) = tokio::join!(
        futures_util::future::join_all([transport.execute(dear()), transport.execute(dear())]),
        answer_all(&peer, [&ok, &ok])
    );
    assert!(answers.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_quota_that_does_not_pay_is_waited_for_where_that_is_asked_for() {
    let (peer, clock) = (Peer::new().await, Arc::new(Jumping::new()));
    let retry = Retry { wait_for_quota: true, ..Retry::default() };
    let config = peer.patient(&clock).with_retry(retry).with_reading(Arc::new(Told));
    let transport = Transport::new(config).unwrap();
    call(&peer, &transport, "a", "X-Points: 0\r\nX-Reset: 100\r\n").await;
    let request = get("/");
    let dear = Call::new(&request).with_account("a").with_price(1);
    let ok = last_reply("200 OK", "X-Points: 0\r\nX-Reset: 121\r\n", "");
    let (answer, _) = tokio::join!(transport.execute(dear.clone()), answer_all(&peer, [&ok]));
    answer.unwrap();
    assert_eq!(clock.slept(), [100_000]);
    let error = transport.execute(dear).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Unpaid, Some(Duration::from_secs(121))));
}

#[tokio::test]
async fn calls_slow_down_as_a_quota_comes_near_its_end() {
    let (peer, clock, transport) = told("X-App: 95\r\n").await;
    for _ in 0..3 {
        call(&peer, &transport, "b", "").await;
    }
    // Half of the way from 90 % to 100 % is half of the longest gap, 5 s; the first call has no one before it.
    assert_eq!(clock.slept(), [2500 + 125, 2500 - 125 + 125]);
}

#[tokio::test]
async fn a_used_up_quota_is_waited_out_within_the_patience() {
    let (peer, clock, transport) = told("X-App: 100\r\nX-Reset: 30\r\n").await;
    call(&peer, &transport, "a", "").await;
    assert_eq!(clock.slept(), [30_125]);

    let (_peer, clock, transport) = told("X-Blocked: 1800\r\n").await;
    let request = get("/");
    let error = transport.execute(Call::new(&request).with_account("a")).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(Duration::from_secs(1800))));
    clock.pass(Duration::from_secs(1799));
    let short = Call::new(&request).with_account("a").with_deadline(Duration::from_millis(900));
    let error = transport.execute(short).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::Throttled, Some(Duration::from_secs(1))));
    assert_eq!(transport.usage(Some("a")).len(), 1);
    clock.pass(Duration::from_secs(1));
    assert_eq!(transport.usage(Some("a")), [], "a block that is over is forgotten");
}
