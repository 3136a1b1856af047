//! The XML reader is tolerant where the wire is sloppy and strict where that protects.

use polyptych_wire::xml::{ReadXml, XmlError, XmlReader, XmlWriter};
use polyptych_wire::xml_tag;
use proptest::prelude::*;

fn text_of(document: &str) -> Result<String, XmlError> {
    let mut reader = XmlReader::new(document.as_bytes());
    String::read_xml(&mut reader.root()?)
}

/// Names of the root's children; each child is left unread.
fn children(document: &str) -> Result<Vec<String>, XmlError> {
    let mut reader = XmlReader::new(document.as_bytes());
    let mut root = reader.root()?;
    let mut names = Vec::new();
    while let Some(child) = root.next_child()? {
        names.push(child.name().to_owned());
    }
    Ok(names)
}

#[test]
fn text_in_several_events_is_joined() {
    assert_eq!(text_of("<a>x &amp; y&#x21;<![CDATA[<z>]]><!-- no -->.</a>").unwrap(), "x & y!<z>.");
}

#[test]
fn text_of_child_elements_does_not_mix_in() {
    assert_eq!(text_of("<a>x<b>no</b>y</a>").unwrap(), "xy");
}

#[test]
fn what_a_child_leaves_unread_is_skipped() {
    assert_eq!(children("<a><p:b xmlns:p='u'><c><b/></c></p:b> <d/><e>1</e></a>").unwrap(), ["b", "d", "e"]);
    assert_eq!(children("<a/>").unwrap(), Vec::<String>::new());
}

#[test]
fn nil_is_seen_under_any_prefix() {
    let mut reader = XmlReader::new(b"<a><b x:nil='true' xmlns:x='i'/><c nil='1'/><d nil='false'/><e/></a>");
    let mut root = reader.root().unwrap();
    let mut nil = Vec::new();
    while let Some(child) = root.next_child().unwrap() {
        nil.push(child.is_nil());
    }
    assert_eq!(nil, [true, true, false, false]);
}

#[test]
fn a_document_type_and_its_entities_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY l 'lol'>]><a>&l;</a>";
    assert!(matches!(text_of(bomb), Err(XmlError::Dtd(_))));
    assert!(matches!(text_of("<a>&undefined;</a>"), Err(XmlError::Dtd(name)) if name == "undefined"));
}

#[test]
fn an_element_that_only_refers_to_another_is_refused_and_not_read_as_empty() {
    let refused = children("<a><b href='#1'/><c id='1'>x</c></a>").unwrap_err();
    assert_eq!(refused, XmlError::Reference("b".to_owned()));
    assert_eq!(children("<a><b href='http://example.com/'/></a>").unwrap(), ["b"]);
}

#[test]
fn a_reference_to_no_character_is_an_error_that_says_where() {
    let Err(XmlError::Syntax { at, .. }) = text_of("<a>x&#xD800;y</a>") else { panic!("read") };
    assert_eq!(at, 12);
}

#[test]
fn depth_and_attributes_are_limited() {
    let deep = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
    assert!(text_of(&deep(128)).is_ok());
    assert!(matches!(text_of(&deep(300_000)), Err(XmlError::Limit { limit: 128, .. })));
    let wide = format!("<a {}/>", (0..65).map(|n| format!("a{n}='' ")).collect::<String>());
    assert!(matches!(text_of(&wide), Err(XmlError::Limit { limit: 64, .. })));
}

#[test]
fn a_cut_document_is_an_error_wherever_it_is_cut() {
    let document = "<a><b>text</b><c x='1'/></a>";
    for end in 0..document.len() {
        assert!(children(&document[..end]).is_err() || end == 0, "{}", &document[..end]);
    }
    assert!(matches!(text_of(""), Err(XmlError::Truncated { .. })));
}

/// The document is read to its end, as an envelope is.
fn whole(document: &str) -> Result<String, XmlError> {
    let mut reader = XmlReader::new(document.as_bytes());
    let name = reader.root()?.name().to_owned();
    reader.finish()?;
    Ok(name)
}

#[test]
fn only_white_space_comments_and_instructions_stand_around_the_root() {
    for document in
        ["<a/>", "\u{feff}<a/>", "<?xml version='1.0'?>\n<!-- x --> <?pi y?>\t<a><b>1</b></a>\r\n<!-- z --><?pi y?> "]
    {
        assert_eq!(whole(document).unwrap(), "a", "{document}");
    }
    for stray in ["x", "&amp;", "&#32;", "<![CDATA[ ]]>", "\u{a0}", "\u{feff}\u{feff}"] {
        for document in [format!("{stray}<a/>"), format!(" <?pi?>{stray}<a/>")] {
            assert!(matches!(whole(&document), Err(XmlError::Syntax { .. })), "{document}");
        }
        let document = format!("<a/> {stray}");
        assert!(matches!(whole(&document), Err(XmlError::Syntax { .. })), "{document}");
    }
    for document in ["<a/><b/>", "<a/></a>", "<a/><", "<a/>\0"] {
        assert!(matches!(whole(document), Err(XmlError::Syntax { .. })), "{document}");
    }
    assert!(matches!(whole("<a/><!DOCTYPE a>"), Err(XmlError::Dtd(_))));
    assert!(matches!(whole("<a><b></b>"), Err(XmlError::Truncated { .. })));
}

#[test]
fn what_is_not_utf_8_is_an_error_wherever_it_stands() {
    let document = "<?xml version='1.0'?><!--c--><a b='1'><c>text</c><![CDATA[d]]><?e f?></a> <!--g-->";
    // A byte that stands nowhere, one that lacks its second, and a second one without a first.
    for wrong in [&b"\xff"[..], b"\xd0", b"\xb1"] {
        for at in 0..=document.len() {
            let bytes = [&document.as_bytes()[..at], wrong, &document.as_bytes()[at..]].concat();
            let mut reader = XmlReader::new(&bytes);
            let read = reader.root().map(drop).and_then(|()| reader.finish());
            assert!(matches!(read, Err(XmlError::Syntax { .. })), "{at}: {read:?}");
        }
    }
}

#[test]
fn an_attribute_that_is_not_well_formed_does_not_hide_those_behind_it() {
    for document in ["<a><b x href='#1'/></a>", "<a><b x=1 nil='true'/></a>", "<a><b x='/></a>"] {
        assert!(matches!(children(document), Err(XmlError::Syntax { .. })), "{document}");
    }
}

#[test]
fn numbers_without_an_end_have_the_words_of_xml_schema() {
    for (number, word) in [(f64::INFINITY, "INF"), (f64::NEG_INFINITY, "-INF"), (f64::NAN, "NaN"), (0.1, "0.1")] {
        let mut writer = XmlWriter::document();
        writer.element(xml_tag!("a"), &number);
        let body = writer.finish().unwrap().plain().unwrap();
        let body = std::str::from_utf8(&body).unwrap().to_owned();
        assert!(body.ends_with(&format!("<a>{word}</a>")), "{body}");
        let document = format!("<a> {word} </a>");
        let mut reader = XmlReader::new(document.as_bytes());
        let read = f64::read_xml(&mut reader.root().unwrap()).unwrap();
        assert!(read == number || (read.is_nan() && number.is_nan()), "{word}");
    }
    for text in ["", "1,5", "INFIN"] {
        let document = format!("<a>{text}</a>");
        let mut reader = XmlReader::new(document.as_bytes());
        assert!(f64::read_xml(&mut reader.root().unwrap()).is_err(), "{text}");
    }
}

#[test]
fn numbers_say_what_they_should_have_been() {
    let mut reader = XmlReader::new(b"<Code>12a</Code>");
    let error = i32::read_xml(&mut reader.root().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "element `Code` does not hold a 32-bit integer");
}

#[test]
fn a_character_that_xml_cannot_carry_fails_the_document() {
    let mut writer = XmlWriter::document();
    writer.element(xml_tag!("a"), "b\u{0}c");
    assert_eq!(writer.finish().unwrap_err(), XmlError::Character(0));
}

proptest! {
    #[test]
    fn any_text_that_xml_can_carry_survives_writing_and_reading(text in "[ -~а-я€😀\t]{0,60}") {
        let mut writer = XmlWriter::document();
        writer.start("a");
        writer.attribute("b", &text);
        writer.text(&text);
        writer.end("a");
        let sent = futures_executor::block_on(futures_util::TryStreamExt::try_concat(
            futures_util::TryStreamExt::map_ok(writer.finish().unwrap().outgoing(""), |chunk| chunk.to_vec()),
        )).unwrap();
        prop_assert_eq!(text_of(std::str::from_utf8(&sent).unwrap()).unwrap(), text);
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = XmlReader::new(&bytes).root().and_then(|mut root| String::read_xml(&mut root));
    }

    #[test]
    fn no_markup_panics(text in "[<>/a&;!\\[\\]'\" =-]{0,80}") {
        let _ = text_of(&text);
        let _ = children(&text);
    }
}
