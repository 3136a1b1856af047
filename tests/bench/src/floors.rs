//! What the measured paths stand beside: the same bytes copied, written or read by the crates below ours, with nothing
//! done that a reader of one's own could leave out.

use anyhow::{Context, Result};
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use serde::{Deserialize, Serialize};

/// The call that deletes images, as a type for serde alone.
#[derive(Debug, Serialize)]
pub struct Delete<'a> {
    method: &'a str,
    params: Parameters<'a>,
}

#[derive(Debug, Serialize)]
struct Parameters<'a> {
    #[serde(rename = "SelectionCriteria")]
    criteria: Criteria<'a>,
}

#[derive(Debug, Serialize)]
struct Criteria<'a> {
    #[serde(rename = "AdImageHashes")]
    hashes: &'a [String],
}

/// The call in JSON by serde_json.
///
/// # Errors
/// Of serde_json.
pub fn delete_json(hashes: &[String]) -> Result<Vec<u8>> {
    let delete = Delete { method: "delete", params: Parameters { criteria: Criteria { hashes } } };
    serde_json::to_vec(&delete).context("serde_json")
}

/// The call in SOAP by the writer of quick-xml.
///
/// # Errors
/// Of the writer.
pub fn delete_soap(hashes: &[String]) -> Result<Vec<u8>> {
    const OPEN: [(&str, &str, &str); 2] = [
        ("SOAP-ENV:Envelope", "xmlns:SOAP-ENV", "http://schemas.xmlsoap.org/soap/envelope/"),
        ("ns1:DeleteRequest", "xmlns:ns1", "http://api.direct.yandex.com/v5/adimages"),
    ];
    let mut writer = Writer::new(Vec::new());
    let [(envelope, soap, soap_uri), (request, service, service_uri)] = OPEN;
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    writer.write_event(Event::Start(BytesStart::new(envelope).with_attributes([(soap, soap_uri)])))?;
    writer.write_event(Event::Start(BytesStart::new("SOAP-ENV:Body")))?;
    writer.write_event(Event::Start(BytesStart::new(request).with_attributes([(service, service_uri)])))?;
    writer.write_event(Event::Start(BytesStart::new("SelectionCriteria")))?;
    for hash in hashes {
        writer.write_event(Event::Start(BytesStart::new("AdImageHashes")))?;
        writer.write_event(Event::Text(BytesText::new(hash)))?;
        writer.write_event(Event::End(BytesEnd::new("AdImageHashes")))?;
    }
    for name in ["SelectionCriteria", request, "SOAP-ENV:Body", envelope] {
        writer.write_event(Event::End(BytesEnd::new(name)))?;
    }
    Ok(writer.into_inner())
}

/// An answer whose texts stay in the document.
#[derive(Debug, Deserialize)]
pub struct Borrowed<'a> {
    #[serde(borrow)]
    result: Page<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    #[serde(borrow)]
    ad_images: Vec<Image<'a>>,
    limited_by: u64,
}

/// The fields are read and not looked at, which is what a floor is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(dead_code, reason = "read by serde, looked at by nobody")]
struct Image<'a> {
    ad_image_hash: &'a str,
    name: &'a str,
    associated: &'a str,
    r#type: &'a str,
    subtype: &'a str,
    original_url: &'a str,
    preview_url: &'a str,
}

impl Borrowed<'_> {
    /// Images, and what the page says of the rest.
    pub fn size(&self) -> (usize, u64) {
        (self.result.ad_images.len(), self.result.limited_by)
    }
}

/// An answer in JSON by serde_json, its texts borrowed.
///
/// # Errors
/// Of serde_json.
pub fn get_json(document: &str) -> Result<Borrowed<'_>> {
    serde_json::from_str(document).context("serde_json")
}

/// A page of images of the Graph API whose texts stay in the document.
#[derive(Debug, Deserialize)]
pub struct BorrowedPage<'a> {
    #[serde(borrow)]
    data: Vec<Picture<'a>>,
}

/// As [`Image`]: the fields are read and not looked at.
#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "read by serde, looked at by nobody")]
struct Picture<'a> {
    hash: &'a str,
    id: &'a str,
    name: &'a str,
    width: u32,
    height: u32,
    original_width: u32,
    original_height: u32,
    status: &'a str,
    created_time: &'a str,
    updated_time: &'a str,
    url: &'a str,
}

impl BorrowedPage<'_> {
    /// Images.
    pub fn size(&self) -> usize {
        self.data.len()
    }
}

/// A page of images of the Graph API by serde_json, its texts borrowed.
///
/// # Errors
/// Of serde_json.
pub fn facebook_page(document: &str) -> Result<BorrowedPage<'_>> {
    serde_json::from_str(document).context("serde_json")
}

/// The events of a document by quick-xml: how many elements it has, and nothing else of it.
///
/// # Errors
/// Of quick-xml.
pub fn xml_events(document: &str) -> Result<usize> {
    let (mut reader, mut elements) = (Reader::from_str(document), 0);
    loop {
        match reader.read_event()? {
            Event::Eof => return Ok(elements),
            Event::Start(_) => elements += 1,
            _ => {}
        }
    }
}

/// Copies bytes to memory that is there and has been touched.
///
/// # Panics
/// If they do not fit.
pub fn copy(bytes: &[u8], to: &mut [u8]) {
    std::hint::black_box(to)[..bytes.len()].copy_from_slice(std::hint::black_box(bytes));
}

/// Bytes of which a body makes a piece of its base64 while it is sent.
pub const PIECE: usize = 48 << 10;

/// The base64 of bytes by base64-simd, each piece in place of the one before.
///
/// # Panics
/// If `piece` cannot hold what becomes of [`PIECE`] bytes.
pub fn base64(bytes: &[u8], piece: &mut [u8]) {
    for bytes in bytes.chunks(PIECE) {
        std::hint::black_box(base64_simd::STANDARD.encode(bytes, base64_simd::Out::from_slice(piece)));
    }
}
