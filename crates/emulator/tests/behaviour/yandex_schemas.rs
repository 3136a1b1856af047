//! The schema documents that the emulator serves, with its own addresses.

use std::collections::BTreeSet;
use std::process::Command;

use polyptych_emulator::Settings;

use crate::harness::{Client, required};

const DOCUMENTS: [(&str, &str); 10] = [
    ("/v5/adimages?wsdl", "application/wsdl+xml"),
    ("/v5/adimages/?WSDL=", "application/wsdl+xml"),
    ("/v501/adimages?a=b&wsdl", "application/wsdl+xml"),
    ("/v5/general.xsd", "text/xml; charset=utf-8"),
    ("/v501/general.xsd", "text/xml; charset=utf-8"),
    ("/live/v4/wsdl/", "application/wsdl+xml"),
    ("/live/v4/wsdl", "application/wsdl+xml"),
    ("/live/v4/wsdl/2/", "application/wsdl+xml"),
    ("/live/v4/wsdl/soap-encoding.xsd", "text/xml; charset=utf-8"),
    ("/live/v4/wsdl/soap-encoding-items.xsd", "text/xml; charset=utf-8"),
];

/// The values of an attribute.
fn values<'a>(document: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    document.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn every_import_and_address_leads_to_the_emulator_itself() {
    let client = Client::default();
    let mut imported = BTreeSet::new();
    for (path, kind) in DOCUMENTS {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}");
        let text = answer.text();
        assert!(text.starts_with("<?xml") && !text.contains('@'), "{path}: {text}");
        let mut addresses = values(&text, "location");
        addresses.extend(values(&text, "schemaLocation"));
        for address in addresses {
            let path = address.strip_prefix("http://emulator.test/").unwrap_or_else(|| panic!("{path}: {address}"));
            imported.insert(format!("/{path}"));
        }
    }
    for path in &imported {
        let answer = client.get(path).await;
        // The services themselves take POST only.
        let expected = if path.ends_with(".xsd") { 200 } else { 405 };
        assert_eq!(answer.status, expected, "{path}");
    }
    assert_eq!(imported.len(), 8, "{imported:?}");
}

#[tokio::test]
async fn addresses_follow_the_host_header_or_the_settings_and_nothing_else_gets_into_a_document() {
    let client = Client::default();
    for (host, status) in [
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("xn--e1afmkfd.example", 200),
        ("a\"/><evil", 400),
        ("user@host", 400),
        ("a b", 400),
        ("a&b", 400),
    ] {
        let answer = client.send("GET", "/v5/adimages?wsdl", &[("host", host)], "").await;
        let address = format!("location=\"http://{host}/v5/adimages\"");
        assert_eq!((answer.status, answer.text().contains(&address)), (status, status == 200), "{host}");
    }
    let long = "a".repeat(300);
    assert_eq!(client.send("GET", "/live/v4/wsdl/", &[("host", &long)], "").await.status, 400);
    let settings = Settings { public_url: Some("https://a.test/b?c&d/".to_owned()), ..Settings::default() };
    let text = Client::new(settings).get("/live/v4/wsdl/2").await.text();
    assert!(text.contains("location=\"https://a.test/b?c&amp;d/live/v4/soap/2/\""), "{text}");
}

#[tokio::test]
async fn documents_are_read_only_and_a_post_with_the_query_is_a_call() {
    let client = Client::default();
    for path in ["/v5/general.xsd", "/live/v4/wsdl/"] {
        assert_eq!(client.send("POST", path, &[], "").await.status, 405, "{path}");
    }
    let answer = client.send("POST", "/v5/adimages?wsdl", &[("authorization", "Bearer t")], "").await;
    assert!(answer.text().contains("<errorCode>8000</errorCode>"), "{}", answer.text());
}

/// A judge that we did not write: libxml2 compiles the schemas.
#[tokio::test]
async fn the_schemas_compile() {
    if Command::new("xmllint").arg("--version").output().is_err() {
        assert!(!required("xmllint"), "xmllint is required");
        eprintln!("skipped: xmllint is not on PATH");
        return;
    }
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("served-schemas");
    std::fs::create_dir_all(&folder).unwrap();
    let client = Client::default();
    for (path, file) in [
        ("/v5/general.xsd", "general.xsd"),
        ("/live/v4/wsdl/soap-encoding-items.xsd", "soap-encoding-items.xsd"),
        ("/live/v4/wsdl/soap-encoding.xsd", "soap-encoding.xsd"),
    ] {
        let text = client.get(path).await.text().replace("http://emulator.test/live/v4/wsdl/", "");
        std::fs::write(folder.join(file), text).unwrap();
    }
    std::fs::write(folder.join("empty.xml"), "<nothing/>").unwrap();
    for file in ["general.xsd", "soap-encoding-items.xsd", "soap-encoding.xsd"] {
        let mut run = Command::new("xmllint");
        run.args(["--noout", "--nonet", "--schema"]).arg(folder.join(file)).arg(folder.join("empty.xml"));
        let run = run.output().unwrap();
        // 3 and 4: the document is not valid; 5: the schema does not compile.
        let words = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(run.status.code().is_some_and(|code| (3..5).contains(&code)), "{file}: {words}");
    }
}
