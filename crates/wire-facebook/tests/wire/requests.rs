//! Requests against those of the official Python SDK, and against what the service is known to take.

use percent_encoding::percent_decode_str;
use polyptych_wire::multipart::FilePart;
use polyptych_wire::{Blob, Effect, Request};
use polyptych_wire_facebook::{
    CopyFrom, CreateAdImages, DEFAULT_VERSION, DeleteAdImage, GetAdImage, ListAdAccounts, ListAdImages, UploadAdImage,
    UploadAdImages,
};
use serde_json::{Value, json};

use crate::support::{reference, sent};

const HASH: &str = "181b88e3cdf6464af7ed52fe488fe559";

/// Method, path and parameters, decoded and sorted; a list of fields is compared as it is.
type Call = (String, String, Vec<(String, String)>);

fn ours(request: &Request) -> Call {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut params: Vec<_> =
        pairs.map(|pair| pair.split_once('=').unwrap()).map(|(name, value)| (decoded(name), decoded(value))).collect();
    params.sort();
    (request.method.to_string(), decoded(path), params)
}

/// The SDK's call without its credentials, and without the slash that it puts behind a node.
fn theirs(call: &Value) -> Call {
    let pairs = call["query"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut params: Vec<_> = pairs.map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    params.retain(|(name, _)| name != "access_token" && name != "appsecret_proof");
    params.sort();
    (text(&call["method"]), text(&call["path"]).trim_end_matches('/').to_owned(), params)
}

fn sdk_call(starts: &str) -> Option<Value> {
    let calls = reference("wire/python-sdk-26.0.3-requests.json")?;
    let mut found = calls["requests"].as_array().unwrap().iter();
    Some(found.find(|call| call["sdk_call"].as_str().unwrap().starts_with(starts)).unwrap().clone())
}

fn list() -> ListAdImages {
    ListAdImages::new(DEFAULT_VERSION, "1").with_summary(true)
}

#[test]
fn reads_and_deletes_are_those_of_the_official_sdk() {
    let hashes =
        || list().with_hashes(["a", "b"]).with_minwidth(10).with_limit(1).with_fields(["hash", "name", "status"]);
    let cases = [
        ("AdAccount.get_ad_images(fields=['hash','name','status']", hashes().request()),
        ("the same, second page (the first reply", hashes().with_after("B").request()),
        ("AdAccount.get_ad_images(fields=['hash']), first", list().with_fields(["hash"]).request()),
        ("AdAccount.get_ad_images(params={'name'", list().with_name("bad").request()),
        ("AdImage('1:<hash>', 'act_1').remote_read", list().with_hashes([HASH]).with_fields(["hash"]).request()),
        ("AdAccount.delete_ad_images", DeleteAdImage::new(DEFAULT_VERSION, "1", HASH).request()),
        (
            "AdImage('1:<hash>').api_get",
            GetAdImage::new(DEFAULT_VERSION, format!("1:{HASH}")).with_fields(["hash", "name"]).request(),
        ),
    ];
    for (starts, request) in cases {
        let Some(call) = sdk_call(starts) else { return };
        assert_eq!(ours(&request), theirs(&call), "{starts}");
        assert_eq!(sent(&request), b"", "{starts}");
    }
}

#[test]
fn uploads_go_to_the_path_of_the_official_sdk_with_the_same_parameters() {
    let create = || CreateAdImages::new(DEFAULT_VERSION, "1");
    let bytes = create().with_bytes(Blob::from_bytes(vec![0; 253])).request();
    let Some(call) = sdk_call("AdAccount.create_ad_image(params={'bytes'") else { return };
    assert_eq!(ours(&bytes), theirs(&call));
    let body: Value = serde_json::from_slice(&sent(&bytes)).unwrap();
    let told = &call["body"]["fields"][0];
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), [told[0].as_str().unwrap()]);
    assert_eq!(body["bytes"].as_str().unwrap().len() as u64, told[1]["encoded_chars"].as_u64().unwrap());

    let copy = create().with_copy_from(CopyFrom::new("2", "02bee5277ec507b6fd0f9b9ff2f22d9c")).request();
    let Some(call) = sdk_call("AdAccount.create_ad_image(params={'copy_from'") else { return };
    assert_eq!(ours(&copy), theirs(&call));
    let told: Value = serde_json::from_str(call["body"]["fields"][0][1].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&sent(&copy)).unwrap(), json!({ "copy_from": told }));
}

#[test]
fn a_file_goes_as_the_part_that_the_official_sdk_sends() {
    let content = Blob::from_bytes(&b"\x89PNG"[..]);
    let part = FilePart { file_name: "test.png".to_owned(), media_type: "image/png".to_owned(), content };
    let request = UploadAdImage::new(DEFAULT_VERSION, "1", part).request("BOUNDARY").unwrap();
    let body = sent(&request);
    let Some(call) = sdk_call("AdAccount.create_ad_image(params={'filename'") else { return };
    assert_eq!(ours(&request), theirs(&call));
    assert_eq!(request.headers["content-type"], call["content_type"].as_str().unwrap());
    let disposition = call["body"]["parts"][0]["content_disposition"].as_str().unwrap();
    let head = format!("--BOUNDARY\r\nContent-Disposition: {disposition}\r\nContent-Type: image/png\r\n\r\n");
    assert_eq!(body, [head.as_bytes(), b"\x89PNG\r\n--BOUNDARY--\r\n"].concat());
}

#[test]
fn every_parameter_of_a_list_is_written() {
    let list = ListAdImages::new(DEFAULT_VERSION, "1")
        .with_biz_tag_id(5)
        .with_business_id("6")
        .with_hashes(["a", "b"])
        .with_minheight(7)
        .with_minwidth(8)
        .with_name("cat & dog")
        .with_selected_hashes(["c"])
        .with_fields(["hash", "owner_business{id,name}"])
        .with_limit(9)
        .with_after("A=")
        .with_before("B")
        .with_summary(true);
    let expected = [
        ("after", "A="),
        ("before", "B"),
        ("biz_tag_id", "5"),
        ("business_id", "6"),
        ("fields", "hash,owner_business{id,name}"),
        ("hashes", r#"["a","b"]"#),
        ("limit", "9"),
        ("minheight", "7"),
        ("minwidth", "8"),
        ("name", "cat & dog"),
        ("selected_hashes", r#"["c"]"#),
        ("summary", "true"),
    ];
    let (_, path, params) = ours(&list.request());
    assert_eq!(path, "/v26.0/act_1/adimages");
    assert_eq!(params, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let delete = DeleteAdImage::new(DEFAULT_VERSION, "1", "h").with_image_id("1:h").request();
    assert_eq!(delete.path, "/v26.0/act_1/adimages?hash=h&image_id=1%3Ah");
    let accounts = ListAdAccounts::new(DEFAULT_VERSION).with_fields(["account_id", "name"]).with_limit(2);
    let accounts = accounts.with_after("A").with_before("B").request();
    assert_eq!(accounts.path, "/v26.0/me/adaccounts?fields=account_id%2Cname&limit=2&after=A&before=B");
    assert_eq!((accounts.operation, accounts.effect), ("adaccounts.list", Effect::Safe));
}

#[test]
fn several_files_go_as_numbered_parts() {
    let part = |name: &str, content: &'static [u8]| FilePart {
        file_name: name.to_owned(),
        media_type: "image/png".to_owned(),
        content: Blob::from_bytes(content),
    };
    let upload = UploadAdImages::new(DEFAULT_VERSION, "1", [part("a.png", b"A"), part("b.png", b"B")]);
    let request = upload.request("X").unwrap();
    assert_eq!((request.operation, request.effect), ("adimages.upload_many", Effect::Write));
    let parts = [("source0", "a.png", "A"), ("source1", "b.png", "B")].map(|(name, file, content)| {
        let head = format!("--X\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"");
        format!("{head}\r\nContent-Type: image/png\r\n\r\n{content}\r\n")
    });
    assert_eq!(String::from_utf8(sent(&request)).unwrap(), format!("{}--X--\r\n", parts.concat()));
}

#[test]
fn headers_effects_and_names_are_those_of_the_operations() {
    let create = CreateAdImages::new("v25.0", "7").with_bytes(Blob::from_bytes(&b"abc"[..])).request();
    assert_eq!((create.operation, create.effect), ("adimages.create", Effect::Write));
    assert_eq!(create.path, "/v25.0/act_7/adimages");
    assert_eq!(create.headers["content-type"], "application/json");
    assert_eq!(create.headers["accept"], "application/json");
    assert_eq!(sent(&create), br#"{"bytes":"YWJj"}"#);
    let named = CreateAdImages::new("v25.0", "7").with_bytes(Blob::from_bytes(&b"abc"[..])).with_name("a\"b").request();
    assert_eq!(sent(&named), br#"{"bytes":"YWJj","name":"a\"b"}"#);
    let delete = DeleteAdImage::new("v25.0", "7", "h").request();
    assert_eq!((delete.operation, delete.effect), ("adimages.delete", Effect::Idempotent));
    assert!(!delete.headers.contains_key("content-type"));
}

#[test]
fn what_callers_pass_cannot_leave_its_place_in_the_path_or_the_query() {
    let request = GetAdImage::new(DEFAULT_VERSION, "1:a/../me?x=1#f").with_fields(["a&b=c", "d"]).request();
    assert_eq!(request.path, "/v26.0/1%3Aa%2F..%2Fme%3Fx%3D1%23f?fields=a%26b%3Dc%2Cd");
    let part = FilePart {
        file_name: "x".to_owned(),
        media_type: "image/png\r\nX: y".to_owned(),
        content: Blob::from_bytes(&b""[..]),
    };
    assert!(UploadAdImage::new(DEFAULT_VERSION, "1", part).request("B").is_err());
}
