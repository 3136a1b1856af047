//! Deletions of many: what a provider refuses as a whole is narrowed down, what a batch did not get to is sent again, and
//! what is gone after a lost answer was deleted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{Applied, Confirmed, Error, ErrorKind, ImageId, ImageLibrary};
use polyptych_providers::{Evotor, Facebook, Form, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::{Auth, Retry};

use crate::server::{Hasty, Reply, Server, TOKEN, album, image, settings, upload};

fn live4(server: &Server) -> YandexLive4 {
    YandexLive4::new(server.patient(Auth::InBody), YandexEncoding::Json, "en").unwrap()
}

fn v5(server: &Server) -> YandexV5 {
    YandexV5::new(server.patient(Auth::Bearer), YandexEncoding::Json, YandexV5Version::V5).unwrap()
}

fn facebook(server: &Server) -> Facebook {
    Facebook::new(server.patient(Auth::Bearer), Form::Bytes, None).unwrap()
}

fn ids(names: &[&str]) -> Vec<ImageId> {
    names.iter().map(|name| image(name)).collect()
}

/// Live 4's list of images: hash, and whether it is bound.
fn held(images: &[(&str, bool)]) -> Reply {
    let item = |(hash, bound): &(&str, bool)| {
        format!(r#"{{"AdImageHash":"{hash}","Assigned":"{}"}}"#, if *bound { "Yes" } else { "No" })
    };
    let items: Vec<_> = images.iter().map(item).collect();
    Reply::ok(format!(r#"{{"data":{{"AdImages":[{}]}}}}"#, items.join(",")))
}

fn done() -> Reply {
    Reply::ok(r#"{"data":{}}"#)
}

fn fault(code: u32) -> Reply {
    Reply::ok(format!(r#"{{"error_code":{code},"error_str":"m"}}"#))
}

/// The outcomes in short: `ok`, or the kind of the error.
fn told(outcomes: &[Result<Confirmed, Error>]) -> Vec<String> {
    let told = |outcome: &Result<Confirmed, Error>| match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    outcomes.iter().map(told).collect()
}

/// What Live 4 was asked: the action, and how many images it is about.
fn actions(server: &Server) -> Vec<(String, usize)> {
    let action = |asked: &crate::server::Asked| {
        let param = asked.json()["param"].clone();
        let hashes = param["SelectionCriteria"]["AdImageHashes"].as_array().map_or(0, Vec::len);
        (param["Action"].as_str().unwrap().to_owned(), hashes)
    };
    server.asked().iter().map(action).collect()
}

fn action(name: &str, images: usize) -> (String, usize) {
    (name.to_owned(), images)
}

#[tokio::test]
async fn unknown_and_bound_images_are_left_out_and_the_rest_is_deleted() {
    let server = Server::new([held(&[("a", false), ("b", true)]), done()]).await;
    let outcomes = live4(&server).delete(&album("self"), &ids(&["a", "b", "c", "a"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ImageInUse", "ImageNotFound", "ok"]);
    assert_eq!(actions(&server), [action("Get", 3), action("Delete", 1)]);
}

#[tokio::test]
async fn where_none_can_be_deleted_nothing_more_is_sent() {
    let server = Server::new([held(&[("b", true)])]).await;
    let outcomes = live4(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ImageNotFound", "ImageInUse"]);
}

#[tokio::test]
async fn an_image_that_was_shown_is_found_by_halving() {
    let all = [("a", false), ("b", false), ("c", false), ("d", false)];
    let server = Server::new([held(&all), fault(80), done(), fault(80), done(), fault(80)]).await;
    let outcomes = live4(&server).delete(&album("self"), &ids(&["a", "b", "c", "d"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ok", "ok", "ImageInUse"]);
    let sizes: Vec<_> = actions(&server).into_iter().skip(1).map(|(_, images)| images).collect();
    assert_eq!(sizes, [4, 2, 2, 1, 1]);
}

#[tokio::test]
async fn halving_ends_after_a_number_of_calls_and_forgets_no_image() {
    let names: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), false)).collect();
    let replies = std::iter::once(held(&all)).chain(std::iter::repeat(fault(80)));
    let server = Server::new(replies).await;
    let images: Vec<_> = names.iter().map(|name| image(name)).collect();
    let outcomes = live4(&server).delete(&album("self"), &images).await.unwrap();
    assert_eq!((outcomes.len(), server.asked().len()), (1_000, 64));
    let kinds: BTreeSet<_> = told(&outcomes).into_iter().collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["ImageInUse", "ProviderRefused"]);
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().applied() == Applied::No));
}

#[tokio::test]
async fn an_image_that_vanishes_meanwhile_is_looked_for_again() {
    let both = held(&[("a", false), ("b", false)]);
    let server = Server::new([both, fault(271), held(&[("a", false)]), done()]).await;
    let outcomes = live4(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ImageNotFound"]);
}

#[tokio::test]
async fn a_failure_that_is_of_no_image_is_the_whole_calls_before_anything_is_known() {
    let both = held(&[("a", false), ("b", false)]);
    let server = Server::new([both, fault(54)]).await;
    let error = live4(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::No));
    let server = Server::new([held(&[("a", false)]), fault(54)]).await;
    let outcomes = live4(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(told(&outcomes), ["PermissionDenied", "ImageNotFound"]);
}

#[tokio::test]
async fn what_is_gone_after_a_lost_answer_was_deleted() {
    let server = Server::new([Reply::lost(), fault(271)]).await;
    assert_eq!(told(&live4(&server).delete(&album("self"), &ids(&["a"])).await.unwrap()), ["ok"]);

    let both = held(&[("a", false), ("b", false)]);
    let server = Server::new([both, Reply::lost(), fault(271), held(&[])]).await;
    assert_eq!(told(&live4(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap()), ["ok", "ok"]);

    let gone = r#"{"result":{"DeleteResults":[{"Errors":[{"Code":8800,"Message":"m"}]},{"AdImageHash":"b"}]}}"#;
    let server = Server::new([Reply::lost(), Reply::ok(gone)]).await;
    assert_eq!(told(&v5(&server).delete(&album("self"), &ids(&["a", "b"])).await.unwrap()), ["ok", "ok"]);

    let refused = Reply::new(400, r#"{"error":{"code":100,"message":"m"}}"#);
    let server = Server::new([Reply::lost(), refused, Reply::ok(r#"{"data":[]}"#)]).await;
    assert_eq!(told(&facebook(&server).delete(&album("1"), &ids(&["a"])).await.unwrap()), ["ok"]);

    let server = Server::new([Reply::lost(), Reply::new(404, "")]).await;
    let library = Evotor::new(server.patient(Auth::Bearer)).unwrap();
    assert_eq!(told(&library.delete(&album("s~p"), &ids(&["a"])).await.unwrap()), ["ok"]);
}

#[tokio::test]
async fn what_was_never_there_was_not_deleted() {
    let gone = r#"{"result":{"DeleteResults":[{"Errors":[{"Code":8800,"Message":"m"}]}]}}"#;
    let server = Server::new([Reply::ok(gone)]).await;
    assert_eq!(told(&v5(&server).delete(&album("self"), &ids(&["a"])).await.unwrap()), ["ImageNotFound"]);
    // A try that was refused deleted nothing.
    let down = Reply::ok(r#"{"error":{"error_code":1000,"error_string":"m"}}"#);
    let server = Server::new([down, Reply::ok(gone)]).await;
    assert_eq!(told(&v5(&server).delete(&album("self"), &ids(&["a"])).await.unwrap()), ["ImageNotFound"]);
}

#[tokio::test]
async fn a_refusal_after_a_lost_answer_leaves_open_what_was_deleted() {
    let refused = Reply::ok(r#"{"error":{"error_code":54,"error_string":"m"}}"#);
    let server = Server::new([Reply::lost(), refused]).await;
    let error = v5(&server).delete(&album("self"), &ids(&["a"])).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::Unknown));
}

/// The kind of each failure and whether the image may be gone; `ok` for a success.
fn applied(outcomes: &[Result<Confirmed, Error>]) -> Vec<String> {
    let told = |outcome: &Result<Confirmed, Error>| match outcome {
        Ok(_) => "ok".to_owned(),
        Err(error) => format!("{:?} {}", error.kind(), error.applied().as_str()),
    };
    outcomes.iter().map(told).collect()
}

#[tokio::test]
async fn a_look_that_fails_hides_neither_what_was_deleted_nor_what_may_have_been() {
    let four = || held(&[("a", false), ("b", false), ("c", false), ("d", false)]);
    let all = ids(&["a", "b", "c", "d"]);
    // The first half is deleted, of the second an image is gone, and nobody can say which.
    let server = Server::new([four(), fault(80), done(), fault(271), fault(54)]).await;
    let outcomes = live4(&server).delete(&album("self"), &all).await.unwrap();
    assert_eq!(applied(&outcomes), ["ok", "ok", "PermissionDenied no", "PermissionDenied no"]);
    // The look is a read, but the deletion before it may have been carried out.
    let server = Server::new([four(), Reply::lost(), fault(271), fault(54)]).await;
    let error = live4(&server).delete(&album("self"), &all).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::PermissionDenied, Applied::Unknown));
}

#[tokio::test]
async fn images_that_no_call_is_left_for_stay_open_after_a_lost_answer() {
    let names: Vec<_> = (0..1_000).map(|number| number.to_string()).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), false)).collect();
    let replies = [held(&all), Reply::lost()].into_iter().chain(std::iter::repeat(fault(80)));
    let server = Server::new(replies).await;
    let images: Vec<_> = names.iter().map(|name| image(name)).collect();
    let outcomes = live4(&server).delete(&album("self"), &images).await.unwrap();
    let kinds: BTreeSet<_> = applied(&outcomes).into_iter().collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["ImageInUse no", "ProviderRefused unknown"]);
}

fn not_valid() -> Reply {
    Reply::ok(r#"{"error":{"error_code":8000,"error_string":"Invalid request"}}"#)
}

#[tokio::test]
async fn an_upload_call_that_is_refused_as_a_whole_is_told_so_at_once_for_the_domain_narrows_it() {
    let server = Server::new([not_valid()]).await;
    let uploads = ["a.png", " ", "c.png"].map(upload);
    let error = v5(&server).upload(&album("self"), &uploads).await.unwrap_err();
    assert_eq!((error.kind(), error.applied(), error.resent()), (ErrorKind::ProviderRefused, Applied::No, 0));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_id_that_makes_a_deletion_invalid_is_found_by_halving() {
    let deleted = |hash: &str| Reply::ok(format!(r#"{{"result":{{"DeleteResults":[{{"AdImageHash":"{hash}"}}]}}}}"#));
    let server = Server::new([not_valid(), deleted("a"), not_valid(), not_valid(), deleted("c")]).await;
    let outcomes = v5(&server).delete(&album("self"), &ids(&["a", " ", "c", "a"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ProviderRefused", "ok", "ok"]);
    assert_eq!(server.asked()[0].json()["params"]["SelectionCriteria"]["AdImageHashes"].as_array().unwrap().len(), 3);

    let server = Server::repeating(not_valid()).await;
    let many: Vec<_> = (0..100).map(|number| image(&number.to_string())).collect();
    let outcomes = v5(&server).delete(&album("self"), &many).await.unwrap();
    assert_eq!((outcomes.len(), server.asked().len()), (100, 32));
}

/// The answer to a batch.
fn entries(entries: &[&str]) -> Reply {
    Reply::ok(format!("[{}]", entries.join(",")))
}

const DELETED: &str = r#"{"code":200,"headers":[],"body":"{\"success\":true}"}"#;
const REFUSED: &str = r#"{"code":400,"headers":[],"body":"{\"error\":{\"code\":100,\"message\":\"m\"}}"}"#;
const THROTTLED: &str = r#"{"code":400,"headers":[],"body":"{\"error\":{\"code\":17,\"message\":\"m\"}}"}"#;
const EXPIRED: &str = r#"{"code":400,"headers":[],"body":"{\"error\":{\"code\":190,\"message\":\"m\"}}"}"#;
const FAILED: &str = r#"{"code":500,"headers":[],"body":"{\"error\":{\"code\":1,\"message\":\"m\"}}"}"#;

/// The hashes that the entries of a batch delete.
fn batch(server: &Server, asked: usize) -> Vec<String> {
    let asked = &server.asked()[asked];
    assert_eq!(asked.line, "POST /v26.0/ HTTP/1.1");
    assert_eq!(asked.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert!(!asked.text().contains(TOKEN));
    let text = asked.text().strip_prefix("batch=").unwrap().split('&').next().unwrap();
    let mut plain = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                plain.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            b'+' => plain.push(b' '),
            byte => plain.push(byte),
        }
    }
    let calls: Vec<serde_json::Value> = serde_json::from_slice(&plain).unwrap();
    let hash = |call: &serde_json::Value| {
        assert_eq!(call["method"], "DELETE");
        let url = call["relative_url"].as_str().unwrap();
        url.strip_prefix("act_1/adimages?hash=").unwrap().to_owned()
    };
    calls.iter().map(hash).collect()
}

#[tokio::test]
async fn many_ride_in_a_batch_and_what_it_did_not_get_to_rides_in_another() {
    let server =
        Server::new([entries(&[DELETED, "null", FAILED]), entries(&[DELETED, "null"]), entries(&[DELETED])]).await;
    let outcomes = facebook(&server).delete(&album("act_1"), &ids(&["a", "b", "c", "a"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ok", "ok", "ok"]);
    let batches = [batch(&server, 0), batch(&server, 1), batch(&server, 2)];
    assert_eq!(batches, [vec!["a", "b", "c"], vec!["b", "c"], vec!["c"]]);
}

#[tokio::test]
async fn a_batch_that_never_gets_to_an_image_leaves_it_open() {
    let server = Server::repeating(entries(&["null", "null"])).await;
    let outcomes = facebook(&server).delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    for outcome in &outcomes {
        assert_eq!(outcome.as_ref().unwrap_err().applied(), Applied::Unknown);
    }
    assert_eq!(server.asked().len(), 3);
}

/// A library at `server` that repeats as `retry` says, on a clock that leaps.
fn repeating(server: &Server, retry: Retry) -> (Facebook, Hasty) {
    let clock = Hasty::new();
    let connection = server.connection(Auth::Bearer).with_retry(retry).with_clock(Arc::new(clock.clone()));
    (Facebook::new(settings(connection), Form::Bytes, None).unwrap(), clock)
}

#[tokio::test]
async fn the_batches_after_the_first_wait_as_tries_do_and_as_long_as_an_entry_asks_for() {
    let server = Server::repeating(entries(&["null", DELETED])).await;
    let (library, clock) = repeating(&server, Retry::default());
    library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    let backoff = clock.passed();
    assert!(backoff > Duration::ZERO && backoff < Duration::from_millis(750), "{backoff:?}");
    let usage = r#"[{\"type\":\"ads_management\",\"call_count\":100,\"estimated_time_to_regain_access\":MINUTES}]"#;
    let blocked = |minutes: &str| {
        let header = format!(
            r#"{{"name":"X-Business-Use-Case-Usage","value":"{{\"1\":{}}}"}}"#,
            usage.replace("MINUTES", minutes)
        );
        THROTTLED.replace(r#""headers":[]"#, &format!(r#""headers":[{header}]"#))
    };
    let server = Server::new([entries(&[DELETED, &blocked("1")]), entries(&[DELETED])]).await;
    let (library, clock) = repeating(&server, Retry::default());
    let outcomes = library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ok"]);
    assert!(clock.passed() >= Duration::from_secs(60), "{:?}", clock.passed());
    // Nobody waits for half an hour: the outcome says when to come back.
    let server = Server::new([entries(&[DELETED, &blocked("30")])]).await;
    let (library, clock) = repeating(&server, Retry::default());
    let outcomes = library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(1800))));
    assert_eq!((server.asked().len(), clock.passed()), (1, Duration::ZERO));
}

#[tokio::test]
async fn the_batches_after_the_first_are_paid_for() {
    let server = Server::repeating(entries(&["null", DELETED])).await;
    let (library, _) = repeating(&server, Retry { budget: 3, refund: 0.0, ..Retry::default() });
    for _ in 0..4 {
        library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    }
    assert_eq!(server.asked().len(), 4 + 3, "four batches, and three more out of the budget");
    let server = Server::repeating(entries(&["null", DELETED])).await;
    let (library, _) = repeating(&server, Retry::never());
    library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(server.asked().len(), 1, "one try is one batch");
}

#[tokio::test]
async fn a_second_batch_that_fails_proves_nothing_about_the_first() {
    let refused = || Reply::new(400, r#"{"error":{"code":10,"message":"m"}}"#);
    let server = Server::new([entries(&[DELETED, "null", THROTTLED]), refused()]).await;
    let outcomes = facebook(&server).delete(&album("1"), &ids(&["a", "b", "c"])).await.unwrap();
    assert_eq!(applied(&outcomes), ["ok", "PermissionDenied unknown", "PermissionDenied no"]);
}

#[tokio::test]
async fn a_batch_whose_every_entry_refuses_the_credential_is_sent_again_with_a_new_one() {
    let server = Server::new([entries(&[EXPIRED, EXPIRED]), entries(&[DELETED, DELETED])]).await;
    let settings = server.renewing(Auth::Bearer);
    let library = Facebook::new(settings, Form::Bytes, None).unwrap();
    assert_eq!(told(&library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap()), ["ok", "ok"]);
    let tokens: Vec<_> = server.asked().iter().map(|asked| asked.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens, [0, 1].map(|number| format!("Bearer {TOKEN}{number}")));
    // One that something was done of is not sent again.
    let server = Server::new([entries(&[EXPIRED, DELETED])]).await;
    let settings = server.renewing(Auth::Bearer);
    let library = Facebook::new(settings, Form::Bytes, None).unwrap();
    let outcomes = library.delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(applied(&outcomes), ["CredentialRefused no", "ok"]);
}

#[tokio::test]
async fn refusals_within_a_batch_are_explained_by_one_list_of_the_images() {
    let list = r#"{"data":[{"hash":"b","creatives":["1"]},{"hash":"c"}]}"#;
    let server = Server::new([entries(&[REFUSED, REFUSED, REFUSED, DELETED]), Reply::ok(list)]).await;
    let outcomes = facebook(&server).delete(&album("1"), &ids(&["a", "b", "c", "d"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ImageNotFound", "ImageInUse", "ProviderRefused", "ok"]);
    assert_eq!(outcomes[0].as_ref().unwrap_err().provider_error().unwrap().code.as_deref(), Some("100"));
    assert_eq!(server.asked().len(), 2);
    // The entry that nobody ran may have deleted what the next one does not find.
    let server = Server::new([entries(&["null", DELETED]), entries(&[REFUSED]), Reply::ok(r#"{"data":[]}"#)]).await;
    let outcomes = facebook(&server).delete(&album("1"), &ids(&["a", "b"])).await.unwrap();
    assert_eq!(told(&outcomes), ["ok", "ok"]);
}

#[tokio::test]
async fn a_batch_that_fails_as_a_whole_is_one_error() {
    let refused = Reply::new(400, r#"{"error":{"code":190,"message":"m","fbtrace_id":"T"}}"#);
    let server = Server::new([refused]).await;
    let error = facebook(&server).delete(&album("1"), &ids(&["a", "b"])).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::CredentialRefused, Applied::No));
    let server = Server::new([entries(&[DELETED])]).await;
    let error = facebook(&server).delete(&album("1"), &ids(&["a", "b"])).await.unwrap_err();
    assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown));
}
