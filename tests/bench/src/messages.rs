//! Answers of any size as the providers write them, and what a request to delete as many images holds. Written as text, never
//! by the codecs that are measured. A size and a seed make the same bytes everywhere.

use std::fmt::Write;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Hashes as Yandex makes them: 22 letters, digits, `-` and `_`. No two are equal.
pub fn hashes(count: usize) -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(22);
    let letter = |random: &mut fastrand::Rng| char::from(ALPHABET[random.usize(..ALPHABET.len())]);
    (0..count)
        .map(|number| {
            let start: String = (0..16).map(|_| letter(&mut random)).collect();
            format!("{start}{number:06}")
        })
        .collect()
}

/// An answer to `AdImages.get` of v5 in JSON with all seven fields, about 350 bytes an image.
pub fn v5_get_json(images: usize) -> String {
    let mut text = String::from(r#"{"result":{"AdImages":["#);
    for (number, hash) in hashes(images).iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        push(
            &mut text,
            format_args!(
                r#"{comma}{{"AdImageHash":"{hash}","Name":"Осенняя распродажа {number}.jpg","Associated":"{}","Type":"{}","Subtype":"NONE","OriginalUrl":"{}","PreviewUrl":"{}"}}"#,
                associated(number),
                class(number),
                original(hash),
                preview(hash),
            ),
        );
    }
    text.push_str(r#"],"LimitedBy":10000}}"#);
    text
}

/// The same answer in SOAP, about 420 bytes an image.
pub fn v5_get_soap(images: usize) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\"><SOAP-ENV:Header/><SOAP-ENV:Body>\
         <ns3:GetResponse xmlns:ns3=\"http://api.direct.yandex.com/v5/adimages\"><LimitedBy>10000</LimitedBy>",
    );
    for (number, hash) in hashes(images).iter().enumerate() {
        push(
            &mut text,
            format_args!(
                "<AdImages><AdImageHash>{hash}</AdImageHash><Name>Осенняя распродажа {number}.jpg</Name>\
                 <Associated>{}</Associated><Type>{}</Type><Subtype>NONE</Subtype>\
                 <OriginalUrl>{}</OriginalUrl><PreviewUrl>{}</PreviewUrl></AdImages>",
                associated(number),
                class(number),
                original(hash),
                preview(hash),
            ),
        );
    }
    text.push_str("</ns3:GetResponse></SOAP-ENV:Body></SOAP-ENV:Envelope>");
    text
}

/// An answer to `AdImage` with the action `Get` of v4 Live in JSON.
pub fn live4_get_json(images: usize) -> String {
    let mut text = String::from(r#"{"data":{"AdImages":["#);
    for (number, hash) in hashes(images).iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let assigned = if number.is_multiple_of(2) { "Yes" } else { "No" };
        push(
            &mut text,
            format_args!(
                r#"{comma}{{"AdImageHash":"{hash}","Login":"shop","Name":"Осенняя распродажа {number}.jpg","Assigned":"{assigned}","AdImageURL":"{}"}}"#,
                original(hash),
            ),
        );
    }
    push(&mut text, format_args!(r#"],"TotalObjectsCount":{images}}}}}"#));
    text
}

/// A page of images as the Graph API writes it.
pub fn facebook_page(images: usize) -> String {
    let mut text = String::from(r#"{"data":["#);
    for number in 0..images {
        let comma = if number == 0 { "" } else { "," };
        push(
            &mut text,
            format_args!(
                r#"{comma}{{"hash":"{number:032x}","id":"1000000001:{number:032x}","name":"autumn {number}.jpg","width":1080,"height":1080,"original_width":1080,"original_height":1080,"status":"ACTIVE","created_time":"2026-05-29T04:16:24+0000","updated_time":"2026-05-29T04:16:24+0000","url":"https://pictures.example/v/t45/{number:032x}.jpg?stp=dst-jpg&oh=00"}}"#
            ),
        );
    }
    text.push_str(r#"],"paging":{"cursors":{"before":"QVFI","after":"QVFJ"}}}"#);
    text
}

fn associated(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "YES" } else { "NO" }
}

fn class(number: usize) -> &'static str {
    if number.is_multiple_of(3) { "WIDE" } else { "REGULAR" }
}

fn original(hash: &str) -> String {
    format!("http://pictures.example/get-direct/4699143/{hash}/orig")
}

fn preview(hash: &str) -> String {
    format!("http://pictures.example/get-direct/4699143/{hash}/y150")
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(arguments);
}
