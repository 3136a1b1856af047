//! Bodies: what goes out has the announced length, base64 is what an independent encoder makes, secrets stay out.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_executor::block_on;
use futures_util::{Stream, TryStreamExt};
use polyptych_wire::{Blob, Body, BodyWriter, ChunkStream, Escape, Outgoing, Source, multipart};
use proptest::prelude::*;

/// A source that yields its bytes in pieces of given sizes, and announces a length of its own.
struct Pieces {
    announced: u64,
    pieces: Vec<Vec<u8>>,
}

struct Iter(std::vec::IntoIter<Vec<u8>>);

impl Stream for Iter {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next().map(|piece| Ok(piece.into())))
    }
}

impl Source for Pieces {
    fn len(&self) -> u64 {
        self.announced
    }

    fn chunks(&self) -> ChunkStream {
        Box::pin(Iter(self.pieces.clone().into_iter()))
    }
}

fn collect(outgoing: Outgoing) -> io::Result<Vec<u8>> {
    block_on(outgoing.try_fold(Vec::new(), |mut all, chunk| async move {
        all.extend_from_slice(&chunk);
        Ok(all)
    }))
}

proptest! {
    #[test]
    fn base64_of_any_pieces_is_the_base64_of_the_whole(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..100), 0..20)) {
        let whole = pieces.concat();
        let mut writer = BodyWriter::new();
        writer.push_str("<");
        writer.push_base64(&Blob::new(Pieces { announced: whole.len() as u64, pieces }));
        writer.push_str(">");
        let outgoing = writer.finish().outgoing("");
        let announced = outgoing.len();
        let sent = collect(outgoing).unwrap();
        prop_assert_eq!(announced, sent.len() as u64);
        prop_assert_eq!(sent, format!("<{}>", base64_simd::STANDARD.encode_to_string(&whole)).into_bytes());
    }
}

#[test]
fn a_body_can_be_sent_again() {
    let mut writer = BodyWriter::new();
    writer.push_base64(&Blob::from_bytes(vec![7; 200_000]));
    let body = writer.finish();
    assert_eq!(collect(body.outgoing("")).unwrap(), collect(body.outgoing("")).unwrap());
}

#[test]
fn a_source_that_yields_another_length_is_an_error_and_not_a_wrong_body() {
    for (announced, what) in [(9, "fewer"), (3, "more")] {
        let mut writer = BodyWriter::new();
        writer.push_content(&Blob::new(Pieces { announced, pieces: vec![vec![0; 5]] }));
        let error = collect(writer.finish().outgoing("")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn a_credential_is_escaped_where_it_stands_and_is_nowhere_else() {
    let mut writer = BodyWriter::new();
    writer.push_str("{\"token\":\"");
    writer.push_credential(Escape::Json);
    writer.push_str("\"}<token>");
    writer.push_credential(Escape::Xml);
    writer.push_str("</token>");
    let body = writer.finish();
    assert!(body.wants_credential());
    let outgoing = body.outgoing("a\"b<c");
    let announced = outgoing.len();
    assert!(!format!("{body:?} {outgoing:?}").contains("a\"b"));
    let sent = collect(outgoing).unwrap();
    assert_eq!(sent.len() as u64, announced);
    assert_eq!(String::from_utf8(sent).unwrap(), r#"{"token":"a\"b<c"}<token>a&quot;b&lt;c</token>"#);
}

#[test]
fn an_empty_body_and_plain_bytes_are_what_they_are() {
    assert!(Body::empty().outgoing("unused").is_empty());
    assert_eq!(collect(Body::from("abc").outgoing("")).unwrap(), b"abc");
}

#[test]
fn debug_of_a_body_shows_lengths_and_no_bytes() {
    let mut writer = BodyWriter::new();
    writer.push_base64(&Blob::from_bytes("canary"));
    writer.push_bytes("appsecret_proof=canary".into());
    writer.push_str("canary");
    let shown = format!("{writer:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let shown = format!("{:?}", writer.finish());
    assert!(!shown.contains("canary") && shown.contains("22 bytes"), "{shown}");
}

#[test]
fn debug_of_a_request_shows_neither_query_nor_header_values() {
    let request = polyptych_wire::Request {
        operation: "Images.get",
        effect: polyptych_wire::Effect::Safe,
        method: http::Method::GET,
        path: "/images?appsecret_proof=canary".to_owned(),
        headers: http::HeaderMap::from_iter([(http::header::COOKIE, http::HeaderValue::from_static("canary"))]),
        body: Body::from("canary"),
    };
    let shown = format!("{request:?}");
    assert!(!shown.contains("canary") && shown.contains("/images") && shown.contains("cookie"), "{shown}");
}

#[test]
fn a_multipart_form_is_read_back_by_a_parser_that_we_did_not_write() {
    let mut form = multipart::Multipart::new("polyptych-0123").unwrap();
    form.text("note", "hello").unwrap();
    form.file("datafile", "a\"b\r\nX-Evil: 1.png", "image/png", &Blob::from_bytes(vec![0, 255, 13, 10, 45, 45]))
        .unwrap();
    let (content_type, body) = form.finish();
    let boundary = multer::parse_boundary(content_type.to_str().unwrap()).unwrap();
    let mut parsed = multer::Multipart::new(body.outgoing(""), boundary);
    block_on(async {
        let note = parsed.next_field().await.unwrap().unwrap();
        assert_eq!((note.name(), note.file_name()), (Some("note"), None));
        assert_eq!(note.text().await.unwrap(), "hello");
        let file = parsed.next_field().await.unwrap().unwrap();
        assert_eq!(file.name(), Some("datafile"));
        assert_eq!(file.file_name(), Some("a%22b%0D%0AX-Evil: 1.png"));
        assert_eq!(file.content_type().unwrap().to_string(), "image/png");
        assert_eq!(file.headers().len(), 2);
        assert_eq!(file.bytes().await.unwrap(), vec![0, 255, 13, 10, 45, 45]);
        assert!(parsed.next_field().await.unwrap().is_none());
    });
}

#[test]
fn a_boundary_or_a_media_type_that_could_break_the_form_is_refused() {
    for boundary in ["", "a b", "a\r\n", &"x".repeat(71)] {
        assert!(multipart::Multipart::new(boundary).is_err(), "{boundary:?}");
    }
    let mut form = multipart::Multipart::new("b").unwrap();
    assert!(form.file("f", "f.png", "image/png\r\nX: 1", &Blob::from_bytes("")).is_err());
}

#[test]
fn a_text_that_would_end_its_part_is_refused() {
    let mut form = multipart::Multipart::new("b7").unwrap();
    for text in ["--b7--", "x\r\n--b7\r\nContent-Disposition: form-data; name=\"evil\"\r\n\r\n1", "x\n--b7", "\r--b77"]
    {
        assert_eq!(form.text("note", text), Err(multipart::MultipartError::Text("note".to_owned())), "{text:?}");
    }
    for text in ["", "x--b7", "--b", "- -b7\r\n-- b7"] {
        form.text("note", text).unwrap();
    }
}

#[test]
fn a_body_is_plain_unless_it_refers_to_an_image_or_asks_for_a_credential() {
    assert_eq!(Body::empty().plain().as_deref(), Some(&b""[..]));
    let mut text = BodyWriter::new();
    text.push_str("ab");
    text.push_bytes(Bytes::from_static(b"cd"));
    text.push_str("ef");
    assert_eq!(text.finish().plain().as_deref(), Some(&b"abcdef"[..]));
    let mut image = BodyWriter::new();
    image.push_base64(&Blob::from_bytes(&b"x"[..]));
    assert_eq!(image.finish().plain(), None);
    let mut secret = BodyWriter::new();
    secret.push_credential(Escape::Json);
    assert_eq!(secret.finish().plain(), None);
}

#[test]
fn a_form_of_text_is_a_query_without_its_mark() {
    let form = |pairs: &[(&str, &str)]| {
        let mut query = polyptych_wire::query::Query::new();
        pairs.iter().for_each(|(name, value)| query.push(name, value));
        query.finish_form()
    };
    assert_eq!(form(&[]), "");
    assert_eq!(form(&[("a", "1 & 2"), ("ü", "+=")]), "a=1%20%26%202&%C3%BC=%2B%3D");
}
