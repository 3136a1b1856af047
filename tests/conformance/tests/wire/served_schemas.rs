//! The schema documents that the emulator serves say what the stored schemas say: the same elements in the same order
//! with the same attributes, names resolved by their namespaces. Only addresses differ, and they lead to the emulator.
//! Annotations are compared too, since both are our texts.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use polyptych_emulator::{Emulator, Settings};
use roxmltree::{Document, Node};
use tower::ServiceExt as _;

const BASE: &str = "http://emulator.test:8080";

/// Attributes whose value is a name with a prefix.
const NAMES: [&str; 8] = ["type", "base", "ref", "element", "message", "binding", "arrayType", "itemType"];

async fn served(path: &str) -> Result<String> {
    let router = Emulator::new(Settings { public_url: Some(BASE.to_owned()), ..Settings::default() }).router();
    let response = router.oneshot(Request::get(path).body(Body::empty())?).await?;
    anyhow::ensure!(response.status() == 200, "{path}: {}", response.status());
    Ok(String::from_utf8(to_bytes(response.into_body(), 1 << 20).await?.to_vec())?)
}

fn stored(file: &str) -> Result<String> {
    let path = format!("{}/../../schemas/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).with_context(|| path)
}

/// A name with its prefix resolved.
fn resolved(node: Node<'_, '_>, name: &str) -> String {
    match name.split_once(':') {
        Some((prefix, local)) => format!("{{{}}}{local}", node.lookup_namespace_uri(Some(prefix)).unwrap_or("?")),
        None => name.to_owned(),
    }
}

/// One line per element and text; addresses are left out and collected.
fn lines(node: Node<'_, '_>, depth: usize, addresses: &mut Vec<String>) -> String {
    let mut out = String::new();
    for child in node.children() {
        if child.is_text() {
            let text = child.text().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            if !text.is_empty() {
                let _ = writeln!(out, "{:depth$}{text}", "");
            }
        }
        if !child.is_element() {
            continue;
        }
        let name = child.tag_name();
        let mut attributes: Vec<String> = Vec::new();
        for attribute in child.attributes() {
            let value = match attribute.name() {
                "schemaLocation" => {
                    addresses.push(attribute.value().to_owned());
                    continue;
                }
                "location" => {
                    addresses.push(attribute.value().to_owned());
                    String::new()
                }
                known if NAMES.contains(&known) => resolved(child, attribute.value()),
                _ => attribute.value().to_owned(),
            };
            attributes.push(format!("{{{}}}{}={value}", attribute.namespace().unwrap_or_default(), attribute.name()));
        }
        attributes.sort();
        let namespace = name.namespace().unwrap_or_default();
        let _ = writeln!(out, "{:depth$}{{{namespace}}}{} {}", "", name.name(), attributes.join(" "));
        out.push_str(&lines(child, depth + 1, addresses));
    }
    out
}

fn reading(document: &str) -> Result<(String, Vec<String>)> {
    let parsed = Document::parse(document)?;
    let mut addresses = Vec::new();
    let lines = lines(parsed.root(), 0, &mut addresses);
    Ok((lines, addresses))
}

#[tokio::test]
async fn served_schemas_say_what_the_stored_ones_say() -> Result<()> {
    let (v5, live4) = ("yandex-direct-v5/adimages.wsdl", "yandex-direct-live4/adimage.wsdl");
    let encoding = "/live/v4/wsdl/soap-encoding.xsd";
    let cases: [(&str, &str, &[&str]); 6] = [
        ("/v5/adimages?wsdl", v5, &["/v5/general.xsd", "/v5/adimages"]),
        ("/v501/adimages?wsdl", v5, &["/v501/general.xsd", "/v501/adimages"]),
        ("/v5/general.xsd", "yandex-direct-v5/general.xsd", &[]),
        ("/v501/general.xsd", "yandex-direct-v5/general.xsd", &[]),
        ("/live/v4/wsdl/", live4, &[encoding, "/live/v4/soap/"]),
        ("/live/v4/wsdl/2/", live4, &[encoding, "/live/v4/soap/2/"]),
    ];
    for (path, file, expected) in cases {
        let (served, addresses) = reading(&served(path).await?)?;
        let (stored, _) = reading(&stored(file)?)?;
        assert!(stored.lines().count() > 60, "{file} was read");
        for (line, (served, stored)) in served.lines().zip(stored.lines()).enumerate() {
            assert_eq!(served, stored, "{path}, element {line}");
        }
        assert_eq!(served.lines().count(), stored.lines().count(), "{path}");
        let expected: Vec<String> = expected.iter().map(|path| format!("{BASE}{path}")).collect();
        assert_eq!(addresses, expected, "{path}");
    }
    Ok(())
}

#[test]
fn a_reading_tells_names_apart_by_namespace_and_not_by_prefix() -> Result<()> {
    let read = |document: &str| reading(document).map(|(lines, _)| lines);
    let one = read("<a:x xmlns:a='n' xmlns:b='m' type='b:t'/>")?;
    assert_eq!(one, read("<q:x xmlns:q='n' xmlns:r='m' type='r:t'/>")?);
    assert_ne!(one, read("<a:x xmlns:a='n' xmlns:b='other' type='b:t'/>")?);
    assert_ne!(one, read("<a:x xmlns:a='n' xmlns:b='m' type='b:t' nillable='true'/>")?);
    Ok(())
}
