//! What a program gets that links one wire crate alone.

use polyptych_wire_yandex::Encoding;
use wire_only::{add_request, added};

#[test]
fn a_request_is_written_in_both_encodings() {
    let (path, body) = add_request(Encoding::Json, "cat.png", b"\x89PNG".to_vec()).unwrap();
    assert_eq!(path, "/json/v501/adimages");
    let expected = r#"{"method":"add","params":{"AdImages":[{"ImageData":"iVBORw==","Name":"cat.png"}]}}"#;
    assert_eq!(String::from_utf8(body).unwrap(), expected);

    let (path, body) = add_request(Encoding::Soap, "a<b", b"\x89PNG".to_vec()).unwrap();
    assert_eq!(path, "/v501/adimages");
    let body = String::from_utf8(body).unwrap();
    assert!(body.contains("<ImageData>iVBORw==</ImageData><Name>a&lt;b</Name>"), "{body}");
}

#[test]
fn an_answer_is_read_in_both_encodings() {
    let json = br#"{"result":{"AddResults":[{"AdImageHash":"PLk5Qu9vFFXFRM-tH60AFw"}]}}"#;
    assert_eq!(added(Encoding::Json, json).unwrap(), ["PLk5Qu9vFFXFRM-tH60AFw"]);
    let soap = br#"<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><r:AddResponse
        xmlns:r="http://api.direct.yandex.com/v5/adimages"><AddResults><AdImageHash>PLk5</AdImageHash></AddResults>
        </r:AddResponse></e:Body></e:Envelope>"#;
    assert_eq!(added(Encoding::Soap, soap).unwrap(), ["PLk5"]);
    let fault = br#"{"error":{"error_code":53,"error_string":"Authorization error"}}"#;
    assert_eq!(added(Encoding::Json, fault).unwrap_err().to_string(), "code 53: Authorization error");
}

#[test]
fn no_async_runtime_and_no_http_client_comes_along() {
    assert!(tree::packages("wire-only").contains("polyptych-wire-yandex"));
    let unwanted =
        ["tokio", "async-std", "smol", "mio", "reqwest", "hyper", "ureq", "curl", "rustls", "tonic", "tower"];
    tree::without("wire-only", &unwanted);
}
