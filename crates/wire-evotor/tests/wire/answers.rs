//! Answers and refusals, member by member.

use polyptych_wire::fault::{Class, Reason};
use polyptych_wire::rest::Operation;
use polyptych_wire_evotor::{
    Answer, DeleteProductImage, GetProduct, GetProductImage, ListProductImages, ListProducts, ListStores, Product,
    ProductImage, ProductImageMeta, Refusal, Store, UploadProductImage, decode,
};

use crate::support::sample;

fn success<O: Operation>(status: u16, body: &str) -> O::Answer
where
    O::Answer: std::fmt::Debug,
{
    match decode::<O>(status, body.as_bytes()).unwrap() {
        Answer::Success(answer) => answer,
        Answer::Refused(refusal) => panic!("{refusal:?}"),
    }
}

fn refusal(status: u16, body: &[u8]) -> Refusal {
    match decode::<DeleteProductImage>(status, body).unwrap() {
        Answer::Refused(refusal) => refusal,
        Answer::Success(()) => panic!("status {status} is a refusal"),
    }
}

fn image(id: &str, product: &str, tail: &str, at: &str) -> ProductImage {
    ProductImage {
        id: Some(id.to_owned()),
        user_id: Some("02-200000000000033".to_owned()),
        store_id: Some("20170918-A3BF-4000-807E-091AD8B5BFB3".to_owned()),
        product_id: Some(product.to_owned()),
        url: Some(format!("https://example.com/images/IBcJGKO/QACAfgka2LW/{tail}")),
        meta: Some(ProductImageMeta {
            extension: Some("png".to_owned()),
            file_size: Some(429),
            width: Some(300),
            height: Some(300),
        }),
        created_at: Some(at.to_owned()),
        updated_at: Some(at.to_owned()),
    }
}

#[test]
fn an_upload_and_a_read_answer_the_image() {
    let Some(body) = sample("image_post_200.json") else { return };
    let uploaded = image(
        "2392e522-bda2-4b52-ac98-78a5a1711af0",
        "gd68f8d5-d29f-48ad-9e32-5f47ef340008",
        "tA/Wj41dKfSK2eMl9H7zQACAE5LlIr2iS1KsmHiloXEa8A",
        "2018-09-04T13:31:01.104+0000",
    );
    assert_eq!(success::<UploadProductImage>(200, &body), uploaded);
    let Some(body) = sample("image_get_200.json") else { return };
    let read = image(
        "8993009f-bebc-4458-ad5c-77838ca51903",
        "g9b2a11c-3d74-4f63-9b52-2814005c69f4",
        "tA+bKhHD10T2ObUigUAFxp9AiZMAn768RFitXHeDjKUZAg",
        "2018-09-04T13:31:10.357+0000",
    );
    assert_eq!(success::<GetProductImage>(200, &body), read);
}

#[test]
fn a_list_answers_the_image_and_no_further_page() {
    let Some(body) = sample("images_list_200.json") else { return };
    let list = success::<ListProductImages>(200, &body);
    let expected = ProductImage {
        user_id: Some("02-200000000000034".to_owned()),
        store_id: Some("30170918-A3BF-4000-807E-091AD8B5BFB4".to_owned()),
        ..image(
            "1392e522-bda2-4b52-ac98-78a5a1711af1",
            "gd68f8d5-d29f-48ad-9e32-5f47ef340008",
            "tA/Wj41dKfSK2eMl9H7zQACAE5LlIr2iS1KsmHiloXEa8A",
            "2018-09-04T13:31:01.104+0000",
        )
    };
    assert_eq!(list.items, [expected]);
    assert_eq!(list.paging.unwrap().next_cursor, None);
}

#[test]
fn stores_and_products_are_pages_with_a_cursor() {
    let Some(body) = sample("stores_list_200.json") else { return };
    let stores = success::<ListStores>(200, &body);
    let store = Store {
        id: Some("20170228-F4F1-401B-80FA-9ECCA8451FFB".to_owned()),
        name: Some("Мой магазин".to_owned()),
        address: Some("Россия, г. Москва, ул. Тимура Фрунзе, 24".to_owned()),
        ..Store::default()
    };
    assert_eq!(stores.items, [store]);
    assert_eq!(stores.paging.unwrap().next_cursor.as_deref(), Some("string"));
    let Some(body) = sample("products_list_200.json") else { return };
    let products = success::<ListProducts>(200, &body);
    let text = |text: &str| Some(text.to_owned());
    let product = Product {
        parent_id: text("1ddea16b-971b-dee5-3798-1b29a7aa2e27"),
        name: text("Сидр"),
        measure_name: text("шт"),
        tax: text("VAT_18"),
        allow_to_sell: Some(true),
        price: Some(123.12),
        description: text("Вкусный яблочный сидр"),
        article_number: text("СДР-ЯБЛЧ"),
        code: text("42"),
        barcodes: vec!["2000000000060".to_owned()],
        r#type: text("ALCOHOL_NOT_MARKED"),
        ..Product::default()
    };
    assert_eq!(products.items, [product]);
    assert_eq!(products.paging.unwrap().next_cursor.as_deref(), Some("string"));
}

#[test]
fn a_product_may_carry_its_images_and_members_of_other_types() {
    let body = r#"{"id":"p","code":42,"barcodes":null,"price":"5.50","quantity":null,"excise":true,
        "images":[{"id":"i","url":"u","meta":{"file_size":"429"}}]}"#;
    let product = success::<GetProduct>(200, body);
    assert_eq!((product.code.as_deref(), product.price, product.quantity), (Some("42"), Some(5.5), None));
    assert_eq!(product.barcodes, [""; 0]);
    assert_eq!(product.images[0].meta.as_ref().unwrap().file_size, Some(429));
}

#[test]
fn the_last_page_has_no_cursor() {
    for body in [r#"{"items":[],"paging":{}}"#, r#"{"items":[],"paging":{"next_cursor":null}}"#, r#"{"items":[]}"#] {
        let page = success::<ListProducts>(200, body);
        assert_eq!(page.paging.and_then(|paging| paging.next_cursor), None, "{body}");
    }
}

#[test]
fn a_bare_list_of_version_1_is_not_an_empty_page() {
    for body in [&b"[]"[..], b" \n[]", b"\xef\xbb\xbf[]", br#"[[{"id":"p"}]]"#] {
        assert!(decode::<ListProducts>(200, body).is_err());
        assert!(decode::<ListProductImages>(200, body).is_err());
        assert!(decode::<GetProduct>(200, body).is_err());
    }
}

#[test]
fn members_of_the_draft_of_2018_are_ignored_and_the_rest_is_read() {
    let Some(body) = sample("image_get_200.draft_2018-07_camelCase.json") else { return };
    let image = success::<GetProductImage>(200, &body);
    assert_eq!((image.id.as_deref(), image.url.as_deref()), (Some("string"), Some("string")));
    assert_eq!((image.created_at, image.meta.unwrap().file_size), (None, None));
}

#[test]
fn a_delete_answers_without_a_body() {
    success::<DeleteProductImage>(204, "");
}

#[test]
fn recorded_refusals_are_read_whole() {
    let Some(body) = sample("error_400_validation_failed.recorded.json") else { return };
    let error = refusal(400, body.as_bytes()).error.unwrap();
    assert_eq!(error.code.as_deref(), Some("validation_failed"));
    assert_eq!(error.message.as_deref(), Some("validation failed for specified payload"));
    assert_eq!(error.value, None);
    let violation = &error.violations[0];
    assert_eq!(violation.subject.as_deref(), Some("name"));
    assert_eq!(violation.reason.as_deref(), Some("размер должен находиться в диапазоне от 0 до 160"));
    let Some(body) = sample("error_400_invalid_format.recorded.json") else { return };
    let error = refusal(400, body.as_bytes()).error.unwrap();
    assert_eq!(error.code.as_deref(), Some("invalid_format"));
    assert_eq!(error.value.as_deref(), Some("line 1, column 161"));
    assert_eq!(error.violations[0].subject.as_deref(), Some("allow_to_sell"));
}

/// A task for many products tells of each in the words in which a single call is refused.
#[test]
fn what_a_task_says_of_one_product_reads_as_a_refusal() {
    let Some(task) = sample("bulk_202_failed.json") else { return };
    let task: serde_json::Value = serde_json::from_str(&task).unwrap();
    let error = refusal(400, task["details"][0].to_string().as_bytes()).error.unwrap();
    assert_eq!(error.code.as_deref(), Some("validation_failed"));
    assert_eq!(error.message.as_deref(), Some("validation failed for specified payload"));
    let [violation] = error.violations.as_slice() else { panic!("{error:?}") };
    assert_eq!((violation.subject.as_deref(), violation.reason.as_deref()), (Some("name"), Some("must not be null")));
}

#[test]
fn the_status_decides_whatever_the_body() {
    let cases: [(u16, &[u8], Class, Reason); 9] = [
        (400, br#"{"violations":[{"subject":"datafile"}]}"#, Class::Never, Reason::InvalidImage),
        (400, b"", Class::Never, Reason::InvalidRequest),
        (401, b"", Class::Reauth, Reason::Unauthenticated),
        (402, b"<html>", Class::UserAction, Reason::PermissionDenied),
        (404, b"", Class::Never, Reason::NotFound),
        (409, b"[]", Class::Never, Reason::AlreadyExists),
        (413, b"\xff\xfe", Class::Never, Reason::TooLarge),
        (429, b"null", Class::Throttle, Reason::RateLimited),
        (503, b"", Class::UnknownOutcome, Reason::Internal),
    ];
    for (status, body, class, reason) in cases {
        let refusal = refusal(status, body);
        let entry = refusal.entry().unwrap();
        assert_eq!((refusal.status, entry.class, entry.reason), (status, class, reason));
    }
    assert_eq!(refusal(418, b"").entry(), None);
}

#[test]
fn a_byte_order_mark_before_an_answer_is_skipped() {
    assert!(success::<ListProductImages>(200, "\u{feff}{\"items\":[]}").items.is_empty());
    let error = refusal(400, "\u{feff}{\"code\":\"x\"}".as_bytes()).error.unwrap();
    assert_eq!(error.code.as_deref(), Some("x"));
}

#[test]
fn a_success_that_does_not_read_names_the_operation() {
    let error = decode::<UploadProductImage>(200, b"{\"id\":").unwrap_err();
    assert_eq!(error.to_string(), "the answer of uploadProductImage does not read");
}
