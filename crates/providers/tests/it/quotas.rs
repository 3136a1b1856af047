//! What is known of an account's limits, how calls keep within them, and who is counted together.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use polyptych_domain::{Applied, ErrorKind, Gauge, ImageLibrary, Quota, QuotaSource, Unit};
use polyptych_providers::{
    Evotor, Facebook, Form, YandexEncoding, YandexIdentity, YandexLive4, YandexLogins, YandexV5, YandexV5Version,
};
use polyptych_transport::{Auth, Config, Fixed, Limits, Retry};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Hasty, Reply, Server, album, image, page, settings, upload};

fn v5(server: &Server) -> YandexV5 {
    YandexV5::new(server.settings(Auth::Bearer), YandexEncoding::Json, YandexV5Version::V5).unwrap()
}

fn facebook(server: &Server) -> Facebook {
    Facebook::new(server.settings(Auth::Bearer), Form::Bytes, None).unwrap()
}

fn numbers(gauge: &Gauge) -> (Option<f64>, Option<f64>, Option<f64>) {
    (gauge.used, gauge.left, gauge.limit)
}

#[tokio::test]
async fn nothing_is_known_and_nothing_asked_before_the_first_answer() {
    let server = Server::new([]).await;
    let bearer = || server.settings(Auth::Bearer);
    let libraries: [(Box<dyn ImageLibrary>, &str); 3] = [
        (Box::new(v5(&server)), "self"),
        (Box::new(facebook(&server)), "1"),
        (Box::new(Evotor::new(bearer()).unwrap()), "s~p"),
    ];
    for (library, name) in libraries {
        assert_eq!(library.quota(&album(name)).await.unwrap(), Quota::default());
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn points_are_told_by_every_answer_and_kept_per_advertiser() {
    let empty = |units: &str| Reply::ok(r#"{"result":{}}"#).with("Units", units).with("Units-Used-Login", "agency");
    let refused = Reply::ok(r#"{"error":{"error_code":8000,"error_string":"m"}}"#).with("Units", "50/40/100");
    let server = Server::new([empty("15/90/100"), refused.with("Units-Used-Login", "agency"), empty("1/2/3")]).await;
    let library = v5(&server);
    library.list(&album("self"), &page(1, None)).await.unwrap();
    library.list(&album("self"), &page(1, None)).await.unwrap_err();
    library.list(&album("client"), &page(1, None)).await.unwrap();
    let quota = library.quota(&album("self")).await.unwrap();
    let gauge = quota.gauge("Units(agency)").unwrap();
    assert_eq!((quota.gauges.len(), gauge.unit, gauge.source), (1, Unit::Points, QuotaSource::LastAnswer));
    assert_eq!(
        (numbers(gauge), gauge.read.to_string()),
        ((None, Some(40.0), Some(100.0)), "2026-11-21T12:00:00Z".to_owned())
    );
    let other = library.quota(&album("client")).await.unwrap();
    assert_eq!(numbers(other.gauge("Units(agency)").unwrap()), (None, Some(2.0), Some(3.0)));
}

/// A list or an upload, answered at 12:45 by the provider's clock, with what is then left of the points.
fn left(points: u32) -> Reply {
    let answer = Reply::ok(r#"{"result":{"AddResults":[{"AdImageHash":"h"}]}}"#);
    let units = format!("15/{points}/64000");
    answer.with("Date", "Sat, 21 Nov 2026 12:45:00 GMT").with("Units", &units).with("Units-Used-Login", "ads")
}

fn with_clock(server: &Server, clock: &Hasty) -> YandexV5 {
    let connection = server.connection(Auth::Bearer).with_clock(Arc::new(clock.clone()));
    YandexV5::new(settings(connection), YandexEncoding::Json, YandexV5Version::V5).unwrap()
}

#[tokio::test]
async fn a_call_that_the_points_left_do_not_pay_for_is_refused_here_until_more_are_added() {
    let (server, clock) = (Server::new([left(39), left(12), left(0), left(2_000), left(1_960)]).await, Hasty::new());
    let library = with_clock(&server, &clock);
    library.list(&album("self"), &page(1, None)).await.unwrap();
    // An upload costs 20 and 20 more for each image; a list, 15.
    let error = library.upload(&album("self"), &[upload("a.png")]).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::QuotaExhausted, Applied::No));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15 * 60)), "points are added with the next full hour");
    library.list(&album("self"), &page(1, None)).await.unwrap();
    let error = library.list(&album("self"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::QuotaExhausted, 2));
    clock.pass(Duration::from_secs(15 * 60));
    let error = library.delete(&album("self"), &[image("h")]).await;
    assert!(error.is_err(), "the scripted answer is not one to a deletion, but it was asked for");
    assert_eq!(server.asked().len(), 3);
    let error = library.list(&album("self"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::QuotaExhausted, 3), "still none");
    clock.pass(error.retry_after().unwrap());
    library.list(&album("self"), &page(1, None)).await.unwrap();
    library.upload(&album("self"), &[upload("a.png")]).await.unwrap();
    assert_eq!(server.asked().len(), 5);
}

#[tokio::test]
async fn points_of_an_agency_are_counted_together_for_its_clients() {
    let (server, clock) = (Server::new([left(500), left(500), left(10)]).await, Hasty::new());
    let library = with_clock(&server, &clock).with_operator_units();
    for client in ["one", "two", "one"] {
        library.list(&album(client), &page(1, None)).await.unwrap();
    }
    let error = library.list(&album("two"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::QuotaExhausted, 3));
}

#[tokio::test]
async fn the_room_of_an_advertiser_is_asked_for_at_live_4() {
    let cases = [
        (
            YandexEncoding::Json,
            r#"{"data":{"AdImageLimits":[{"Login":"l","Capacity":1004,"Utilized":4}]}}"#.to_owned(),
        ),
        (
            YandexEncoding::Soap,
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><a:AdImageResponse xmlns:a=\"API\">\
             <AdImageResponse><AdImageLimits><item><Login>l</Login><Capacity>1004</Capacity><Utilized>4</Utilized></item>\
             </AdImageLimits></AdImageResponse></a:AdImageResponse></s:Body></s:Envelope>"
                .to_owned(),
        ),
    ];
    for (encoding, body) in cases {
        let server = Server::new([Reply::ok(body)]).await;
        let library = YandexLive4::new(server.settings(Auth::InBody), encoding, "en").unwrap();
        let quota = library.quota(&album("l")).await.unwrap();
        let gauge = quota.gauge("AdImageLimits").unwrap();
        assert_eq!(numbers(gauge), (Some(4.0), Some(1000.0), Some(1004.0)));
        assert_eq!((gauge.unit, gauge.source), (Unit::Images, QuotaSource::Asked));
        assert!(server.only().text().contains("GetLimits"));
    }
    let server = Server::new([Reply::ok(r#"{"error_code":55,"error_str":"m"}"#)]).await;
    let library = YandexLive4::new(server.settings(Auth::InBody), YandexEncoding::Json, "en").unwrap();
    assert_eq!(library.quota(&album("l")).await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn shares_of_facebooks_limits_are_told_by_headers_and_by_each_entry_of_a_batch() {
    let usage = r#"{"1":[{"type":"ads_management","call_count":10,"total_time":"20","total_cputime":30}]}"#;
    let list = Reply::ok(r#"{"data":[]}"#)
        .with("X-App-Usage", r#"{"call_count":1,"total_time":2,"total_cputime":3}"#)
        .with("X-Ad-Account-Usage", r#"{"acc_id_util_pct":9.67,"reset_time_duration":100}"#)
        .with("X-Business-Use-Case-Usage", usage);
    let header = r#"[{"name":"x-app-usage","value":"{\"call_count\":50}"}]"#;
    let entry = format!(r#"{{"code":200,"headers":{header},"body":"{{\"success\":true}}"}}"#);
    let server = Server::new([list, Reply::ok(format!("[{entry},{entry}]"))]).await;
    let library = facebook(&server);
    library.list(&album("1"), &page(1, None)).await.unwrap();
    let quota = library.quota(&album("act_1")).await.unwrap();
    let used: Vec<_> = quota.gauges.iter().map(|gauge| (gauge.name.as_str(), gauge.used.unwrap())).collect();
    let expected = [
        ("X-Ad-Account-Usage.acc_id_util_pct", 9.67),
        ("X-App-Usage.call_count", 1.0),
        ("X-App-Usage.total_cputime", 3.0),
        ("X-App-Usage.total_time", 2.0),
        ("X-Business-Use-Case-Usage.call_count(1)", 10.0),
        ("X-Business-Use-Case-Usage.total_cputime(1)", 30.0),
        ("X-Business-Use-Case-Usage.total_time(1)", 20.0),
    ];
    assert_eq!(used, expected);
    let account = quota.gauge("X-Ad-Account-Usage.acc_id_util_pct").unwrap();
    assert_eq!((account.unit, account.limit), (Unit::Percent, Some(100.0)));
    assert_eq!(account.resets.unwrap().to_string(), "2026-11-21T12:01:40Z");
    library.delete(&album("1"), &[image("a"), image("b")]).await.unwrap();
    let quota = library.quota(&album("1")).await.unwrap();
    assert_eq!(quota.gauge("X-App-Usage.call_count").unwrap().used, Some(50.0));
}

#[tokio::test]
async fn a_block_that_facebook_announces_is_kept_without_asking_it() {
    let usage = r#"{"1":[{"type":"ads_management","call_count":100,"estimated_time_to_regain_access":30}]}"#;
    let server = Server::new([Reply::ok(r#"{"data":[]}"#).with("X-Business-Use-Case-Usage", usage)]).await;
    let library = facebook(&server);
    library.list(&album("1"), &page(1, None)).await.unwrap();
    let error = library.list(&album("1"), &page(1, None)).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after().unwrap().as_secs()), (ErrorKind::RateLimited, 30 * 60));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn calls_of_evotor_are_counted_by_its_headers() {
    let list = Reply::ok(r#"{"items":[]}"#)
        .with("X-RateLimit-Limit", "1000")
        .with("X-RateLimit-Remaining", "999")
        .with("X-RateLimit-Reset", "60");
    let server = Server::new([list]).await;
    let library = Evotor::new(server.settings(Auth::Bearer)).unwrap();
    library.list(&album("s~p"), &page(1, None)).await.unwrap();
    let quota = library.quota(&album("s~other")).await.unwrap();
    let gauge = quota.gauge("X-RateLimit").unwrap();
    assert_eq!((gauge.unit, numbers(gauge)), (Unit::Calls, (None, Some(999.0), Some(1000.0))));
    assert_eq!(gauge.resets.unwrap().to_string(), "2026-11-21T12:01:00Z");
}

/// A server that notes how many requests it has at once, and answers each after having let everyone else go on.
async fn crowded() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let noted = most.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (most, now) = (noted.clone(), now.clone());
            tokio::spawn(async move {
                let mut seen = [0; 4096];
                assert!(stream.read(&mut seen).await.unwrap() > 0);
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..2_000 {
                    tokio::task::yield_now().await;
                }
                now.fetch_sub(1, Ordering::SeqCst);
                let body = r#"{"result":{},"data":{}}"#;
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            });
        }
    });
    (address, most)
}

#[tokio::test]
async fn an_advertiser_is_called_five_times_at_once_over_all_libraries() {
    let (address, most) = crowded().await;
    let (limits, logins) = (Arc::new(Limits::new()), YandexLogins::default());
    let connection = |auth| {
        let credential = Arc::new(Fixed::new("token"));
        settings(Config::new(&address, auth, credential).with_retry(Retry::never()).with_limits(limits.clone()))
    };
    let identity = |login: Option<&str>| YandexIdentity {
        credential: "one".to_owned(),
        login: login.map(str::to_owned),
        clients: Vec::new(),
        logins: logins.clone(),
    };
    let v5 = YandexV5::new(connection(Auth::Bearer), YandexEncoding::Json, YandexV5Version::V5);
    let v5: Arc<dyn ImageLibrary> = Arc::new(v5.unwrap().with_identity(identity(Some("ads"))));
    let live4 = YandexLive4::new(connection(Auth::InBody), YandexEncoding::Json, "en");
    let live4: Arc<dyn ImageLibrary> = Arc::new(live4.unwrap().with_identity(identity(None)));
    let calls: Vec<_> = (0..30)
        .map(|number| {
            let (library, name) = match number % 3 {
                0 => (v5.clone(), "self"),
                1 => (v5.clone(), "ADS"),
                _ => (live4.clone(), "ads"),
            };
            tokio::spawn(async move { library.list(&album(name), &page(1, None)).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 5);
}
