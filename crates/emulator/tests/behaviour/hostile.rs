//! Bodies that no client would send: every protocol answers them in its own form, and none of them breaks the emulator.

use std::time::Duration;

use polyptych_emulator::Settings;
use serde_json::json;

use crate::harness::{Client, Served, base64, form, png};

/// A small generator of numbers; the same seed gives the same bodies.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }
}

/// A copy with some bytes changed, repeated, cut out or cut off.
fn damaged(body: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = body.to_vec();
    for _ in 0..=numbers.below(4) {
        if out.is_empty() {
            break;
        }
        let place = numbers.below(out.len());
        match numbers.below(5) {
            0 => out[place] = u8::try_from(numbers.below(256)).unwrap(),
            1 => out.truncate(place),
            2 => drop(out.remove(place)),
            3 => out.insert(place, b"{}[]\"<>&=-\r\n%;\0"[numbers.below(15)]),
            _ => {
                let end = (place + 1 + numbers.below(40)).min(out.len());
                let piece = out[place..end].to_vec();
                out.splice(place..place, piece);
            }
        }
    }
    out
}

#[tokio::test]
async fn damaged_requests_are_answered_and_break_nothing() {
    let client = Client::default();
    let small = png(12, 12, 1);
    let text = base64(&small);
    let (multipart, file) = form(&[("datafile", Some("a.png"), Some("image/png"), &small)]);
    let v5 = json!({ "method": "add", "params": { "AdImages": [{ "ImageData": text, "Name": "a" }] } }).to_string();
    let get = json!({ "method": "get", "params": { "FieldNames": ["Name"], "Page": { "Limit": 1 } } }).to_string();
    let live4 = json!({ "method": "AdImage", "token": "t", "param": { "Action": "UploadRawData",
                        "AdImageRawData": [{ "RawData": text, "Name": "a" }] } })
    .to_string();
    let envelope = |body: &str| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Header><token>t</token></e:Header>\
             <e:Body>{body}</e:Body></e:Envelope>"
        )
    };
    let soap5 = envelope(&format!(
        "<a:AddRequest xmlns:a=\"http://api.direct.yandex.com/v5/adimages\"><AdImages><ImageData>{text}</ImageData>\
         <Name>a &amp; b</Name></AdImages></a:AddRequest>"
    ));
    let soap4 = envelope(&format!(
        "<a:AdImage xmlns:a=\"API\"><params href=\"#1\"/></a:AdImage><r id=\"1\"><Action>UploadRawData</Action>\
         <AdImageRawData><item><RawData>{text}</RawData><Name>a</Name></item></AdImageRawData></r>"
    ));
    let graph = format!("bytes={}&name=a.png&fields=hash,owner_business{{id}}", text.replace('+', "%2B"));
    let cases: [(&str, &str, Vec<u8>); 8] = [
        ("/json/v5/adimages", "application/json", v5.into_bytes()),
        ("/json/v501/adimages", "application/json", get.into_bytes()),
        ("/live/v4/json/", "application/json", live4.into_bytes()),
        ("/v5/adimages", "text/xml", soap5.into_bytes()),
        ("/live/v4/soap/", "text/xml", soap4.into_bytes()),
        ("/v26.0/act_1/adimages", "application/x-www-form-urlencoded", graph.into_bytes()),
        ("/v26.0/act_1/adimages", &multipart, file.clone()),
        ("/stores/S/products/p/images", &multipart, file),
    ];
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let mut sent = 0;
    for (path, kind, body) in &cases {
        for _ in 0..250 {
            let headers = [("authorization", "Bearer t"), ("content-type", *kind), ("soapaction", "\"\"")];
            let body = damaged(body, &mut numbers);
            let shown = String::from_utf8_lossy(&body).into_owned();
            let answer = client.send("POST", path, &headers, body).await;
            let fault = *path == "/live/v4/soap/" && answer.text().contains("<SOAP-ENV:Fault>");
            assert!(answer.status < 500 || fault, "{path} {}: {shown}", answer.status);
            sent += 1;
        }
    }
    let journal = client.journal().await;
    assert_eq!(journal.len(), sent);
    assert!(journal.iter().all(|entry| entry["state"] == "answered"));
}

#[tokio::test]
async fn deep_and_wide_documents_are_refused_by_their_caps() {
    let client = Client::default();
    let bearer = ("authorization", "Bearer t");
    let deep_json = "[".repeat(200_000);
    let answer = client.send("POST", "/json/v5/adimages", &[bearer], deep_json).await;
    assert_eq!(answer.json()["error"]["error_code"], 8000);
    let deep_xml = "<a>".repeat(200_000);
    let answer = client.send("POST", "/v5/adimages", &[bearer, ("soapaction", "")], deep_xml).await;
    assert!(answer.text().contains("<errorCode>8000</errorCode>"));
    let many = format!("<a>{}</a>", "<b/>".repeat(200_001));
    let answer = client.send("POST", "/live/v4/soap/", &[], many).await;
    assert!(answer.text().contains("SOAP-ENV:71"));
    let laughs = format!(
        "<E><Body><AdImage><params href=\"#0\"/></AdImage>{}</Body></E>",
        (0..20)
            .map(|of| format!("<m id=\"{of}\">{}</m>", format!("<i href=\"#{}\"/>", of + 1).repeat(10)))
            .collect::<String>()
    );
    let answer = client.send("POST", "/live/v4/soap/", &[], laughs).await;
    assert!(answer.text().contains("SOAP-ENV:71"), "{}", answer.text());
    let pairs = "a=1&".repeat(20_001);
    let headers = [bearer, ("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(client.send("POST", "/v26.0/act_1/adimages", &headers, pairs).await.status, 400);
}

#[tokio::test]
async fn a_caller_that_stops_within_its_body_does_not_keep_the_room_of_others() {
    let settings = Settings { body_patience: Duration::from_millis(50), bodies_in_flight: 1024, ..Settings::default() };
    let server = Served::start(settings).await;
    let head = "POST /json/v5/adimages HTTP/1.1\r\nhost: h\r\ncontent-length: 100000\r\n\r\n{";
    let answer = server.exchange(head).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close\r\n"), "{answer}");
    let whole = "POST /json/v5/adimages HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    assert!(server.exchange(whole).await.starts_with("HTTP/1.1 200 "));
    let states: Vec<_> = server.journal().await.iter().map(|entry| entry["state"].clone()).collect();
    assert_eq!(states, ["broken", "answered"]);
}
