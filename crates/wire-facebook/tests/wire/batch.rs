//! Batches against the official SDK's and recorded answers.

use percent_encoding::percent_decode_str;
use polyptych_wire::multipart::FilePart;
use polyptych_wire::{Blob, Body, Effect, Request};
use polyptych_wire_facebook::{
    Answer, AppUsage, Batch, BatchAnswer, BatchCall, BatchEntry, BatchError, CopyFrom, CreateAdImages, DEFAULT_VERSION,
    DecodeError, DeleteAdImage, ListAdImages, MAX_BATCH, UploadAdImage, UploadAdImages,
};
use serde_json::{Value, json};

use crate::support::{reference, sent};

fn call(request: &Request) -> BatchCall {
    BatchCall::new(request).unwrap()
}

fn delete(hash: &str) -> BatchCall {
    call(&DeleteAdImage::new(DEFAULT_VERSION, "1", hash).request())
}

fn batch(calls: impl IntoIterator<Item = BatchCall>) -> Batch {
    let mut batch = Batch::new(DEFAULT_VERSION);
    calls.into_iter().for_each(|call| batch.push(call).unwrap());
    batch
}

fn file(name: &str, content: &'static [u8]) -> FilePart {
    let content = Blob::from_bytes(content);
    FilePart { file_name: name.to_owned(), media_type: "image/png".to_owned(), content }
}

/// The parameters of an urlencoded body.
fn params(request: &Request) -> Vec<(String, String)> {
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");
    let body = String::from_utf8(sent(request)).unwrap();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    body.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn entries(batch: &Batch) -> Value {
    let params = params(&batch.request("B").unwrap());
    assert_eq!(params[0].0, "batch");
    serde_json::from_str(&params[0].1).unwrap()
}

#[test]
fn a_batch_is_that_of_the_official_sdk() {
    let list = ListAdImages::new(DEFAULT_VERSION, "1").with_hashes(["x"]).with_fields(["hash"]).request();
    // The SDK sends `bytes` as text; here a body that was made elsewhere does.
    let mut create = CreateAdImages::new(DEFAULT_VERSION, "1").request();
    create.body = Body::from(r#"{"bytes":"QUJD"}"#);
    let batch = batch([call(&list).without_version(), call(&create).without_version()]);
    let request = batch.request("B").unwrap();
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/v26.0/"));
    assert_eq!((request.operation, request.effect), ("batch", Effect::Write));
    let Some(calls) = reference("wire/python-sdk-26.0.3-requests.json") else { return };
    let mut calls = calls["requests"].as_array().unwrap().iter();
    let theirs = calls.find(|call| call["sdk_call"].as_str().unwrap().starts_with("batch of get_ad_images")).unwrap();
    assert_eq!(request.headers["content-type"], theirs["content_type"].as_str().unwrap());
    assert_eq!(request.path, theirs["path"].as_str().unwrap());
    let fields = theirs["body"]["fields"].as_array().unwrap();
    let told: Value = serde_json::from_str(fields[0][1].as_str().unwrap()).unwrap();
    assert_eq!((fields.len(), entries(&batch)), (1, told));
}

#[test]
fn requests_keep_their_version_names_and_wishes() {
    let copy = CreateAdImages::new("v25.0", "1").with_copy_from(CopyFrom::new("2", "a&b")).with_name("n=1");
    let batch = batch([
        call(&copy.request()).named("copy").omitting_success(false),
        delete("h {result=copy:$.x}").after("copy"),
    ]);
    let params = params(&batch.clone().with_headers(false).request("B").unwrap());
    assert_eq!(params[1], ("include_headers".to_owned(), "false".to_owned()));
    assert_eq!(params.len(), 2);
    let entries = entries(&batch);
    let first = &entries[0];
    assert_eq!((&first["method"], &first["relative_url"]), (&json!("POST"), &json!("v25.0/act_1/adimages")));
    assert_eq!((&first["name"], &first["omit_response_on_success"]), (&json!("copy"), &json!(false)));
    let mut pairs: Vec<_> = first["body"].as_str().unwrap().split('&').collect();
    pairs.sort_unstable();
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    assert_eq!(pairs[1..], ["name=n%3D1"]);
    let copied: Value = serde_json::from_str(decoded(pairs[0]).strip_prefix("copy_from=").unwrap()).unwrap();
    assert_eq!(copied, json!({"source_account_id": "2", "hash": "a&b"}));
    let url = "v26.0/act_1/adimages?hash=h%20%7Bresult%3Dcopy%3A%24.x%7D";
    assert_eq!(entries[1], json!({"method": "DELETE", "relative_url": url, "depends_on": "copy"}));
}

#[test]
fn files_are_attached_as_parts_of_their_own() {
    let one = UploadAdImage::new(DEFAULT_VERSION, "1", file("a.png", b"A"));
    let two = UploadAdImages::new(DEFAULT_VERSION, "1", [file("b.png", b"B"), file("c.png", b"C")]);
    let batch = batch([BatchCall::upload(&one).unwrap(), delete("h"), BatchCall::upload_many(&two).unwrap()]);
    let request = batch.request("BOUNDARY").unwrap();
    assert_eq!(request.headers["content-type"], "multipart/form-data; boundary=BOUNDARY");
    let body = String::from_utf8(sent(&request)).unwrap();
    let parts: Vec<_> = body.split("--BOUNDARY").map(str::trim).collect();
    assert_eq!((parts.len(), parts[0], parts[5]), (6, "", "--"));
    let entries: Value = serde_json::from_str(parts[1].rsplit_once("\r\n").unwrap().1).unwrap();
    let attached: Vec<_> = entries.as_array().unwrap().iter().map(|entry| entry["attached_files"].clone()).collect();
    assert_eq!(attached, [json!("file0"), Value::Null, json!("file1,file2")]);
    for (part, (number, name, content)) in parts[2..].iter().zip([(0, "a", "A"), (1, "b", "B"), (2, "c", "C")]) {
        let head = format!("Content-Disposition: form-data; name=\"file{number}\"; filename=\"{name}.png\"");
        assert_eq!(*part, format!("{head}\r\nContent-Type: image/png\r\n\r\n{content}"));
    }
}

#[test]
fn what_cannot_ride_is_refused_before_anything_is_sent() {
    let image = CreateAdImages::new(DEFAULT_VERSION, "1").with_bytes(Blob::from_bytes(&b"abc"[..])).request();
    assert_eq!(BatchCall::new(&image).unwrap_err(), BatchError::Image("adimages.create"));
    let form = UploadAdImage::new(DEFAULT_VERSION, "1", file("a", b"A")).request("B").unwrap();
    assert_eq!(BatchCall::new(&form).unwrap_err(), BatchError::Image("adimages.upload"));
    for body in ["[1]", "x=1", "{"] {
        let request = Request { body: Body::from(body), ..DeleteAdImage::new("v1", "1", "h").request() };
        assert_eq!(BatchCall::new(&request).unwrap_err(), BatchError::Body("adimages.delete"));
    }
    let odd = FilePart { media_type: "a\r\nb".to_owned(), ..file("a", b"A") };
    let odd = BatchCall::upload(&UploadAdImage::new(DEFAULT_VERSION, "1", odd));
    assert!(matches!(odd, Err(BatchError::Form(_))));
    assert_eq!(Batch::new("v1").request("B").unwrap_err(), BatchError::Empty);
}

#[test]
fn a_batch_takes_fifty_requests_and_no_more() {
    let mut full = batch((0..MAX_BATCH).map(|index| delete(&index.to_string())));
    assert_eq!((full.len(), full.is_empty()), (50, false));
    assert_eq!(full.push(delete("h")), Err(BatchError::Full));
    assert_eq!(entries(&full).as_array().unwrap().len(), 50);
}

#[test]
fn names_are_unique_and_stand_before_those_who_wait_for_them() {
    let mut batch = batch([delete("a").named("a")]);
    assert_eq!(batch.push(delete("b").named("a")), Err(BatchError::Name("a".to_owned())));
    assert_eq!(batch.push(delete("b").after("b")), Err(BatchError::After("b".to_owned())));
    assert_eq!(batch.push(delete("b").after("a")), Ok(()));
}

#[test]
fn the_effect_is_the_most_that_a_request_has() {
    let list = || call(&ListAdImages::new("v1", "1").request());
    let create = || call(&CreateAdImages::new("v1", "1").request());
    assert_eq!(batch([list()]).effect(), Effect::Safe);
    assert_eq!(batch([list(), delete("h")]).effect(), Effect::Idempotent);
    assert_eq!(batch([list(), delete("h"), create()]).effect(), Effect::Write);
}

fn answered(entry: &BatchEntry) -> &BatchAnswer {
    let BatchEntry::Answered(answer) = entry else { panic!("{entry:?}") };
    answer
}

fn read(batch: &Batch, body: &Value) -> Vec<BatchEntry> {
    match batch.decode(200, body.to_string().as_bytes()).unwrap() {
        Answer::Success(entries) => entries,
        Answer::Refused(error) => panic!("{error:?}"),
    }
}

#[test]
fn recorded_answers_are_read_whole() {
    for (name, code) in [("fb_batch_response", 200), ("fb_batch_error_response", 404)] {
        let Some(body) = reference(&format!("batch/{name}.json")) else { return };
        let told = body.as_array().unwrap();
        let read = read(&batch(told.iter().map(|_| call(&ListAdImages::new("v3.0", "1").request()))), &body);
        assert_eq!(read.len(), 2);
        for (entry, told) in read.iter().zip(told) {
            let answer = answered(entry);
            assert_eq!((answer.code, answer.body.as_str()), (code, told["body"].as_str().unwrap()));
            let headers: Vec<_> = answer.headers.iter().map(|h| json!({"name": h.name, "value": h.value})).collect();
            assert_eq!(Value::Array(headers), told["headers"]);
            assert_eq!(answer.header("facebook-api-version"), Some("v3.0"));
            let zero = AppUsage { call_count: Some(0.0), total_time: Some(0.0), total_cputime: Some(0.0) };
            let usage = answer.usage();
            assert_eq!(usage.app, Some(zero));
            assert_eq!(usage.ad_account.is_some(), code == 200);
            match answer.decode::<ListAdImages>().unwrap() {
                Answer::Success(page) => {
                    assert_eq!(code, 200);
                    assert_eq!(page.paging.unwrap().cursors.unwrap().after.as_deref(), Some("MAZDZD"));
                }
                Answer::Refused(error) => assert_eq!((code, error.code), (404, Some(803))),
            }
        }
    }
}

#[test]
fn entries_without_an_answer_say_whether_one_was_to_come() {
    let calls = [delete("a").named("a"), delete("b").after("a"), delete("c").omitting_success(true), delete("d")];
    let done = json!({"code": "200", "body": "{\"success\":true}", "headers": null});
    let read = read(&batch(calls), &json!([null, null, null, done]));
    assert_eq!(read[..3], [BatchEntry::OmittedOrNotRun, BatchEntry::NotRun, BatchEntry::OmittedOrNotRun]);
    let Answer::Success(success) = answered(&read[3]).decode::<DeleteAdImage>().unwrap() else { panic!("refused") };
    assert_eq!(success.success, Some(true));
    let wanted = batch([delete("a").named("a").omitting_success(false), delete("b").after("a")]);
    assert_eq!(self::read(&wanted, &json!([null, null])), [BatchEntry::NotRun, BatchEntry::NotRun]);
}

#[test]
fn a_batch_that_is_refused_as_a_whole_is_told_from_its_entries() {
    let batch = batch([delete("a")]);
    let body = json!({"error": {"message": "m", "type": "GraphBatchException"}}).to_string();
    for status in [200, 400] {
        let Answer::Refused(error) = batch.decode(status, body.as_bytes()).unwrap() else { panic!("accepted") };
        assert_eq!(error.kind.as_deref(), Some("GraphBatchException"));
    }
    assert!(matches!(batch.decode(502, b"[null]"), Err(DecodeError::Status { status: 502 })));
}

#[test]
fn an_answer_that_is_not_one_entry_per_request_does_not_read() {
    let batch = batch([delete("a"), delete("b")]);
    for body in
        ["[null]", "[null,null,null]", "[]", "{}", "[null,{\"body\":\"\"}]", "[null,null", "[null,{\"code\":70000}]"]
    {
        let error = batch.decode(200, body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "the answer of batch does not read", "{body}");
    }
}
