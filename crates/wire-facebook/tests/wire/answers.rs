//! Recorded answers, member by member.

use polyptych_wire::rest::Operation;
use polyptych_wire_facebook::{
    AdAccount, AdImage, AdImageStatus, Answer, Business, CreateAdImages, CreatedAdImage, DecodeError, DeleteAdImage,
    GetAdImage, ListAdAccounts, ListAdImages, UploadAdImage, UploadAdImages, decode,
};
use serde_json::{Value, json};

use crate::support::reference;

const ACCOUNT: &str = "10152335766987003";
const HASH: &str = "d8fc613662fb5ef6cf5fb9d1fe779315";

fn success<O: Operation>(status: u16, body: &Value) -> O::Answer {
    match decode::<O>(status, body.to_string().as_bytes()).unwrap() {
        Answer::Success(answer) => answer,
        Answer::Refused(error) => panic!("{error:?}"),
    }
}

/// Status and body of a recorded exchange.
fn recorded(name: &str) -> Option<(u16, Value)> {
    let exchange = reference(&format!("recorded/{name}.json"))?;
    let response = &exchange["response"];
    Some((response["status"].as_u64().unwrap().try_into().unwrap(), response["body"].clone()))
}

#[test]
fn a_read_by_one_hash_gives_the_image_and_equal_cursors() {
    for name in ["get_by_one_hash", "get_by_one_hash_after_post"] {
        let Some((status, body)) = recorded(name) else { return };
        let mut page = success::<ListAdImages>(status, &body);
        let cursor = "MTAxNTIzMzU3NjY5ODcwMDM6ZADhmYzYxMzY2MmZAiNWVmNmNmNWZAiOWQxZAmU3NzkzMTUZD";
        let paging = page.paging.take().unwrap();
        assert_eq!((paging.next, paging.previous), (None, None));
        let cursors = paging.cursors.unwrap();
        assert_eq!((cursors.before.as_deref(), cursors.after.as_deref()), (Some(cursor), Some(cursor)));
        assert_eq!(page.summary, None);
        let expected = AdImage {
            id: Some(format!("{ACCOUNT}:{HASH}").into()),
            hash: Some(HASH.into()),
            account_id: Some(ACCOUNT.into()),
            name: Some("13006112.jpg".to_owned()),
            permalink_url: body["data"][0]["permalink_url"].as_str().map(str::to_owned),
            original_width: Some(570),
            original_height: Some(707),
            ..AdImage::default()
        };
        assert!(expected.permalink_url.is_some());
        assert_eq!(page.data, [expected]);
    }
}

#[test]
fn a_read_by_two_hashes_keeps_the_order_of_the_answer_and_writes_back_what_was_read() {
    let Some((status, body)) = recorded("get_by_two_hashes") else { return };
    let page = success::<ListAdImages>(status, &body);
    let hashes: Vec<_> = page.data.iter().map(|image| image.hash.as_deref().unwrap()).collect();
    assert_eq!(hashes, ["e0e0911ba5b8c0f8af4028f81de5c720", HASH]);
    assert_eq!(serde_json::to_value(&page).unwrap(), body);
}

#[test]
fn an_upload_of_2017_answers_hash_and_address_only() {
    let Some((status, body)) = recorded("post_one_file") else { return };
    let answer = success::<UploadAdImage>(status, &body);
    assert_eq!(answer.images.keys().collect::<Vec<_>>(), ["13006112.jpg"]);
    let url = "https://scontent.xx.fbcdn.net/t45.1600-4/17508518_6076261586842_4063779518672797696_n.png";
    let expected = CreatedAdImage { hash: Some(HASH.into()), url: Some(url.to_owned()), ..CreatedAdImage::default() };
    assert_eq!(answer.into_single(), Some(expected));
}

#[test]
fn an_upload_of_2026_answers_nine_members_with_sizes_as_text() {
    let Some(recorded) = reference("derived/recorded_responses.json") else { return };
    let body = &recorded["upload_multipart_2026-07-16"]["body"];
    let answer = success::<UploadAdImage>(200, body);
    assert_eq!(serde_json::to_value(&answer).unwrap(), *body);
    let expected = CreatedAdImage {
        hash: Some("2dd5a6417c24b8a4e6374de0b6960a6d".into()),
        url: Some("https://scontent.example/full.png".to_owned()),
        url_128: Some("https://scontent.example/thumb128.png".to_owned()),
        url_256: Some("https://scontent.example/thumb256.png".to_owned()),
        url_256_height: Some("260".into()),
        url_256_width: Some("260".into()),
        height: Some(600),
        width: Some(600),
        name: Some("probe-test-image.png".to_owned()),
    };
    assert_eq!(answer.into_single(), Some(expected));
}

#[test]
fn uploads_of_bytes_are_found_under_the_key_bytes() {
    let Some(recorded) = reference("derived/recorded_responses.json") else { return };
    let of_2018 = success::<CreateAdImages>(200, &recorded["upload_bytes_2018"]["body"]);
    assert_eq!(of_2018.images["bytes"].hash.as_deref(), Some("925e86d2d195a193cb2446c294960ea0"));
    let inner = &recorded["upload_bytes_2023-03"]["body_inner"];
    let of_2023 = success::<CreateAdImages>(200, &json!({"images": {"bytes": inner}})).into_single().unwrap();
    assert_eq!((of_2023.name.as_deref(), of_2023.width, of_2023.height), (Some("bytes"), Some(1200), Some(1200)));
    assert_eq!(serde_json::to_value(&of_2023).unwrap(), *inner);
}

#[test]
fn members_that_are_null_or_unknown_or_new_do_not_hurt() {
    let body = json!({"hash": "h", "creatives": null, "height": "7", "status": "ARCHIVED", "crops": {"100x100": []},
        "owner_business": {"id": 12, "name": "B"}, "name": null});
    let image = success::<GetAdImage>(200, &body);
    assert_eq!(image.height, Some(7));
    assert_eq!(image.status, Some(AdImageStatus::Unknown("ARCHIVED".into())));
    assert_eq!(image.owner_business.unwrap().id.as_deref(), Some("12"));
    assert_eq!((image.creatives, image.name), (Vec::new(), None));
}

#[test]
fn every_member_may_be_null_or_absent_and_lists_may_be_empty() {
    let nothing = success::<GetAdImage>(200, &json!({}));
    assert_eq!(nothing, AdImage::default());
    let fields = [
        "account_id",
        "created_time",
        "creatives",
        "hash",
        "height",
        "id",
        "name",
        "original_height",
        "original_width",
        "owner_business",
        "permalink_url",
        "status",
        "updated_time",
        "url",
        "url_128",
        "width",
        "is_associated_creatives_in_adgroups",
    ];
    let nulls: serde_json::Map<_, _> = fields.iter().map(|field| ((*field).to_owned(), Value::Null)).collect();
    assert_eq!(nulls.len(), 17);
    assert_eq!(success::<GetAdImage>(200, &Value::Object(nulls)), nothing);
    for page in [json!({}), json!({"data": []}), json!({"data": null, "paging": null, "summary": null})] {
        let page = success::<ListAdImages>(200, &page);
        assert_eq!((page.data.len(), page.paging, page.summary), (0, None, None));
    }
    let counted = success::<ListAdImages>(200, &json!({"summary": {"total_count": "12"}, "data": []}));
    assert_eq!(counted.summary.unwrap().total_count, Some(12));
}

#[test]
fn numbers_that_do_not_fit_are_errors_and_never_cut() {
    for height in ["-1", "1.5", "18446744073709551616", "\"7px\"", "true", "[]"] {
        let body = format!(r#"{{"hash":"h","height":{height}}}"#);
        let error = decode::<GetAdImage>(200, body.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "the answer of adimage.get does not read", "{height}");
    }
}

#[test]
fn a_document_with_something_behind_it_or_a_member_twice_is_refused() {
    for body in [r#"{"hash":"h"}{"#, r#"{"hash":"h","hash":"g"}"#] {
        assert!(decode::<GetAdImage>(200, body.as_bytes()).is_err());
    }
}

#[test]
fn depth_does_no_harm() {
    let deep = ["[".repeat(100_000), "]".repeat(100_000)].concat();
    let unknown = format!(r#"{{"hash":"h","new":{deep}}}"#);
    let Answer::Success(image) = decode::<GetAdImage>(200, unknown.as_bytes()).unwrap() else { panic!("refused") };
    assert_eq!(image.hash.as_deref(), Some("h"));
    // Where any JSON is kept, the depth is limited.
    let kept = format!(r#"{{"error":{{"code":1,"error_data":{deep}}}}}"#);
    assert!(matches!(decode::<GetAdImage>(400, kept.as_bytes()), Err(DecodeError::Status { status: 400 })));
}

#[test]
fn a_delete_says_success() {
    assert_eq!(success::<DeleteAdImage>(200, &json!({"success": true})).success, Some(true));
}

#[test]
fn an_inner_answer_of_a_batch_decodes_like_any_other() {
    let Some(batch) = reference("batch/fb_batch_response.json") else { return };
    let inner = batch[0]["body"].as_str().unwrap();
    let Answer::Success(page) = decode::<ListAdImages>(200, inner.as_bytes()).unwrap() else { panic!("refused") };
    assert_eq!(page.paging.unwrap().cursors.unwrap().after.as_deref(), Some("MAZDZD"));
}

#[test]
fn the_accounts_of_a_user_are_a_page() {
    let account = json!({"account_id": 1000000001, "id": "act_1000000001", "name": "Shop", "account_status": "1",
        "currency": "EUR", "disable_reason": 0, "timezone_name": "Europe/Berlin", "user_tasks": ["ANALYZE"],
        "business": {"id": "5", "name": "B"}, "business_name": "B Ltd", "age": 12.5, "tos_accepted": {"1": 1}});
    let page = success::<ListAdAccounts>(200, &json!({"data": [account], "paging": {"cursors": {"after": "x"}}}));
    let expected = AdAccount {
        account_id: Some("1000000001".into()),
        account_status: Some(1),
        business: Some(Business { id: Some("5".into()), name: Some("B".to_owned()) }),
        business_name: Some("B Ltd".to_owned()),
        currency: Some("EUR".into()),
        disable_reason: Some(0),
        id: Some("act_1000000001".into()),
        name: Some("Shop".to_owned()),
        timezone_name: Some("Europe/Berlin".to_owned()),
        user_tasks: vec!["ANALYZE".to_owned()],
    };
    assert_eq!(page.data, [expected]);
    assert_eq!(page.paging.unwrap().cursors.unwrap().after.as_deref(), Some("x"));
}

#[test]
fn an_upload_of_several_files_is_read_back_by_name_and_in_order() {
    let body = json!({"images": {"b.png": {"hash": "2"}, "a.png": {"hash": "1", "name": "a.png"}}});
    let answer = success::<UploadAdImages>(200, &body);
    assert_eq!(answer.images["b.png"].hash.as_deref(), Some("2"));
    let hashes: Vec<_> =
        answer.in_order(["a.png", "b.png"]).into_iter().map(|image| image.unwrap().hash.clone()).collect();
    assert_eq!(hashes, [Some("1".into()), Some("2".into())]);
    assert_eq!(answer.clone().into_single(), None);
}

#[test]
fn a_list_is_neither_an_answer_nor_a_refusal() {
    for body in [&b"[]"[..], br#"[{"code":100,"message":"m"}]"#, br#"[[{"hash":"h"}]]"#] {
        assert!(matches!(decode::<ListAdImages>(200, body), Err(DecodeError::Unreadable { .. })));
        assert!(matches!(decode::<ListAdImages>(400, body), Err(DecodeError::Status { status: 400 })));
    }
}

#[test]
fn a_success_that_does_not_read_is_told_from_a_status_without_an_error() {
    let cut = decode::<CreateAdImages>(200, br#"{"images":{"bytes":{"hash":"#).unwrap_err();
    assert_eq!(cut.to_string(), "the answer of adimages.create does not read");
    for (status, body) in [(502, &b"<html>"[..]), (500, b"{}"), (304, b"")] {
        let error = decode::<ListAdImages>(status, body).unwrap_err();
        assert!(matches!(error, DecodeError::Status { status: told } if told == status), "{error}");
    }
}
