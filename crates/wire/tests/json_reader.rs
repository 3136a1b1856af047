//! The reader of JSON takes what serde_json takes, with the same values, and refuses the rest with the same words.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fmt::Debug;

use polyptych_wire::json;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// Equal, but for what serde_json loses where it multiplies digits by powers of ten one by one.
fn same(this: &Value, other: &Value) -> bool {
    match (this, other) {
        (Value::Number(this), Value::Number(other)) if this.is_f64() && other.is_f64() => {
            let bits = |number: &serde_json::Number| number.as_f64().unwrap().to_bits();
            bits(this).abs_diff(bits(other)) <= 4
        }
        (Value::Array(this), Value::Array(other)) => {
            this.len() == other.len() && this.iter().zip(other).all(|(this, other)| same(this, other))
        }
        (Value::Object(this), Value::Object(other)) => {
            this.len() == other.len()
                && this.iter().zip(other).all(|(this, other)| this.0 == other.0 && same(this.1, other.1))
        }
        _ => this == other,
    }
}

/// Whether errors say the same. That a number is too large is seen here at its end, and there while it is read; one that
/// ends with the document is only invalid there where it is read over.
fn say_the_same(this: &serde_json::Error, other: &serde_json::Error) -> bool {
    let (this, other) = (this.to_string(), other.to_string());
    let what = |text: &str| text.split_once(" at line ").map_or_else(String::new, |(what, _)| what.to_owned());
    match (what(&this).as_str(), what(&other).as_str()) {
        ("number out of range", "number out of range") => true,
        ("EOF while parsing a value", "invalid number") => true,
        _ => this == other,
    }
}

/// Reads a document both ways. Whatever is read has to be the same, and so has to be what is said of what is not.
fn read_alike<T: DeserializeOwned + Debug>(document: &str, same: impl Fn(&T, &T) -> bool) {
    let this = json::parse::<T>(document.as_bytes());
    let other = serde_json::from_str::<T>(document);
    match (&this, &other) {
        (Ok(this), Ok(other)) => assert!(same(this, other), "{document:?}: {this:?}, not {other:?}"),
        (Err(this), Err(other)) => assert!(say_the_same(this, other), "{document:?}: {this}, not {other}"),
        _ => panic!("{document:?}: {this:?}, not {other:?}"),
    }
}

/// The same without the words: what is read over has fewer, and enums that are not texts have others.
fn read_or_refused_alike<T: DeserializeOwned + Debug + PartialEq>(document: &str) {
    let this = json::parse::<T>(document.as_bytes());
    let other = serde_json::from_str::<T>(document);
    assert_eq!(this.as_ref().ok(), other.as_ref().ok(), "{document:?}: {this:?}, not {other:?}");
}

/// Every type that serde asks for by a method of its own.
fn alike(document: &str) {
    fn equal<T: DeserializeOwned + Debug + PartialEq>(document: &str) {
        read_alike::<T>(document, T::eq);
    }
    read_alike::<Value>(document, same);
    read_or_refused_alike::<IgnoredAny>(document);
    equal::<bool>(document);
    equal::<i8>(document);
    equal::<i64>(document);
    equal::<u16>(document);
    equal::<u64>(document);
    equal::<char>(document);
    equal::<String>(document);
    equal::<()>(document);
    equal::<Option<String>>(document);
    equal::<Vec<i64>>(document);
    equal::<(bool, String)>(document);
    equal::<BTreeMap<String, i64>>(document);
    equal::<BTreeMap<String, Option<Vec<bool>>>>(document);
    read_or_refused_alike::<Shape>(document);
    read_or_refused_alike::<Vec<Shape>>(document);
    equal::<Length>(document);
    equal::<Nothing>(document);
    read_alike::<f64>(document, |this, other| same(&Value::from(*this), &Value::from(*other)));
    // A map that reads itself would take `null` for an empty one, if it were asked to.
    read_alike::<serde_json::Map<String, Value>>(document, |this, other| {
        same(&Value::from(this.clone()), &Value::from(other.clone()))
    });
    let list = |error: &serde_json::Error| error.to_string().starts_with("invalid type: sequence, expected struct");
    if !json::parse::<Record>(document.as_bytes()).is_err_and(|error| list(&error)) {
        equal::<Record>(document);
    }
}

#[derive(Debug, Deserialize, PartialEq)]
enum Shape {
    Point,
    Line(i64),
    Box(i64, i64),
    Ring { inner: i64 },
}

#[derive(Debug, Deserialize, PartialEq)]
struct Length(u32);

#[derive(Debug, Deserialize, PartialEq)]
struct Nothing;

#[derive(Debug, Deserialize, PartialEq)]
struct Record {
    #[serde(default)]
    a: Option<Box<Record>>,
    #[serde(rename = "ж")]
    text: String,
    #[serde(default)]
    many: Vec<BTreeMap<String, u8>>,
}

#[test]
fn texts_numbers_and_words_are_read_as_serde_json_reads_them() {
    let documents = [
        "",
        " ",
        "null",
        " null ",
        "nul",
        "nulL",
        "nullx",
        "true",
        "tru",
        "false",
        "falsE",
        "x",
        "[",
        "{",
        "]",
        "0",
        "-0",
        "-",
        "-x",
        "00",
        "01",
        "-01",
        "7",
        "-7",
        "+7",
        "1.",
        "1.x",
        ".5",
        "1.5",
        "-1.5e3",
        "1e",
        "1e+",
        "1e-",
        "1e+x",
        "1E5",
        "1e-5",
        "1e999",
        "-1e999",
        "1e-999",
        "0e999999999999",
        "1e999999999999",
        "1e-999999999999",
        "0.1e1",
        "1_0",
        "127",
        "128",
        "-128",
        "-129",
        "65535",
        "65536",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "1.0",
        "-0.0",
        "123456789012345678901234567890",
        "0.123456789012345678901234567890",
        "5e-324",
        "1.7976931348623157e308",
        "2e308",
        r#""""#,
        r#"""#,
        r#""a"#,
        r#""a""#,
        r#""a"b"#,
        r#""\"""#,
        r#""\""#,
        r#""\"#,
        r#""\\\/\b\f\n\r\t\"""#,
        r#""\x""#,
        r#""\ж""#,
        r#""\u0041""#,
        r#""\u00e9ж""#,
        r#""\u""#,
        r#""\u00""#,
        r#""\u00g0""#,
        r#""\u004"#,
        r#""\u+041""#,
        r#""\uжж""#,
        r#""\ud83d\ude00""#,
        r#""\uD83D\uDE00x""#,
        r#""\ud83d""#,
        r#""\ud83dx""#,
        r#""\ud83d\n""#,
        r#""\ud83d\u0041""#,
        r#""\ud83d\u"#,
        r#""\ud83d\ud83d\ude00""#,
        r#""\ude00""#,
        r#""\ud83d\"#,
        r#""\ud83d\ude0""#,
        "\"a\nb\"",
        "\"a\u{0}\"",
        "\"\u{7f}\"",
        "\"\u{1f}",
        "\"ж\"",
        "\"\u{10ffff}\"",
        "\"жжжжжжжжжжжжжжжж\\nжжжжжжжж\"",
        "\"0123456789abcde\"",
        "\"0123456789abcdef\"",
        "\"0123456789abcdef",
        "[]",
        "[ ]",
        "[1]",
        "[1,2]",
        "[ 1 , 2 ]",
        "[1,]",
        "[,]",
        "[,1]",
        "[1 2]",
        "[1",
        "[1,",
        "[1]]",
        "[1}",
        "[1,\n2,\n x]",
        "[true,\"a\"]",
        "[true]",
        "[true,\"a\",1]",
        "[true,\"a\",]",
        "[true \"a\"]",
        "[\"Point\"]",
        "[null,{}]",
        "[1,2,3",
        "[[],[[]]]",
        "[\t1\r\n]\n",
        "{}",
        "{ }",
        "{\"a\":1}",
        "{\"a\":1,\"b\":2}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\"",
        "{\"a\":",
        "{1:2}",
        "{\"a\":1,2:3}",
        "{\"a\":1]",
        "{\"\\u0061\":[true,null]}",
        "{ \"a\" : 1 , \"b\" : 2 } ",
        "{\n\n\"a\":x}",
        "\"Point\"",
        "\"Poi\\u006et\"",
        "\"Circle\"",
        "{\"Line\":1}",
        "{\"Line\":1,\"x\":2}",
        "{\"Box\":[1,2]}",
        "{\"Box\":[1]}",
        "{\"Ring\":{\"inner\":1}}",
        "{\"Point\":null}",
        "{\"Line\":\"x\"}",
        "{\"Circle\":1}",
        "{\"Line\"",
        "{\"Line\":1",
        "[\"Point\",{\"Line\":3}]",
        "{\"ж\":\"t\"}",
        "{\"\\u0436\":\"t\"}",
        "{\"a\":{\"ж\":\"\\n\"},\"ж\":\"\",\"many\":[{\"x\":255}]}",
        "{\"ж\":\"t\",\"ж\":\"u\"}",
        "{\"ж\":null}",
        "{\"a\":{\"a\":null,\"ж\":1},\"ж\":\"\"}",
        "{\"a\":null}",
        "{\"z\":{\"y\":[1,{\"x\":\"\\ud800\"}]},\"ж\":\"t\"}",
        "{\"many\":[{\"x\":256}],\"ж\":\"t\"}",
        "{\"z\":[1,2",
        "{\"z\":[1 2]}",
        "{\"z\":{\"y\" 1}}",
        "{\"z\":{\"y\":1,}}",
        "{\"z\":{1}}",
        "{\"z\":\"\\q\"}",
        "{\"z\":[}",
        "{\"z\":nulx}",
        "{\"z\":-",
        "{\"z\":1.",
        "{\"z\":-0E",
        "{\"z\":1e+",
    ];
    documents.iter().for_each(|document| alike(document));
    // The place of a control character in what is read over is that before it for serde_json, and here as everywhere else.
    read_or_refused_alike::<Record>("{\"z\":\"a\nb\",\"ж\":\"t\"}");
}

#[test]
fn a_text_is_found_wherever_it_ends_and_whatever_is_in_it() {
    for length in 0..40 {
        for special in ["", "\\n", "\n", "\"", "ж", "\\\\\"", "\u{1f}", "\u{7f}"] {
            for at in 0..=length {
                let text = format!("\"{:a<at$}{special}{:b<2$}\"", "", "", length - at);
                read_alike::<String>(&text, String::eq);
                read_or_refused_alike::<IgnoredAny>(&text);
                read_alike::<Vec<String>>(&format!("[{text},{text}]"), Vec::eq);
            }
        }
    }
}

#[test]
fn a_number_with_a_fraction_is_the_nearest_that_there_is() {
    for text in
        ["0.1", "123.12", "2.2250738585072014e-308", "9007199254740993.0", "8.41e21", "7.2057594037927933e16", "1e23"]
    {
        assert_eq!(json::parse::<f64>(text.as_bytes()).unwrap(), text.parse::<f64>().unwrap(), "{text}");
    }
}

#[test]
fn what_is_read_may_be_as_deep_as_for_serde_json_and_what_is_read_over_as_deep_as_it_likes() {
    for depth in [1, 126, 127, 128, 129, 1000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let document = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            read_alike::<Value>(&document, Value::eq);
            let beside = format!("{{\"z\":{document},\"ж\":\"t\"}}");
            read_alike::<Record>(&beside, Record::eq);
            read_or_refused_alike::<IgnoredAny>(&document);
        }
    }
    assert!(json::parse::<Value>("[".repeat(127).as_bytes()).unwrap_err().to_string().starts_with("EOF"));
    let deep = format!("{}{}", "[{\"a\":".repeat(100_000), "}]".repeat(100_000).replacen("}]", "0}]", 1));
    assert!(json::parse::<IgnoredAny>(deep.as_bytes()).is_ok());
    assert!(json::parse::<Value>(deep.as_bytes()).is_err());
    assert!(json::parse::<IgnoredAny>(deep.replace("}]}]", "}}]]").as_bytes()).is_err());
}

#[test]
fn a_document_that_is_not_utf_8_is_refused_at_its_first_such_byte() {
    for (document, place) in [(&b"[\"\xd0\"]"[..], "line 1 column 3"), (b"{\n\"a\": \"\xff\"}", "line 2 column 7")] {
        let error = json::parse::<IgnoredAny>(document).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid unicode code point at {place}"));
    }
}

#[test]
fn a_list_has_little_more_room_than_its_items_need_whatever_follows_it() {
    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Lists {
        #[serde(deserialize_with = "json::lenient_list")]
        short: Vec<u64>,
        #[serde(deserialize_with = "json::lenient_list")]
        four: Vec<u64>,
        #[serde(deserialize_with = "json::lenient_list")]
        long: Vec<u64>,
    }
    let list = |length: usize| vec!["1"; length].join(",");
    let document = format!(r#"{{"short":[{}],"four":[{}],"long":[{}]}}"#, list(5), list(4), list(100_000));
    let lists = json::parse::<Lists>(document.as_bytes()).unwrap();
    assert_eq!((lists.short.len(), lists.long.len()), (5, 100_000));
    assert_eq!(lists.four.capacity(), 4, "a list that is full when it ends makes no room");
    assert!(lists.short.capacity() <= 20, "{}", lists.short.capacity());
    assert!(lists.long.capacity() <= 110_000, "{}", lists.long.capacity());
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ -~]{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            btree_map("[a-zж\\\\\"]{0,9}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_is_read_as_it_was_written(value in value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        alike(&text);
        prop_assert_eq!(json::parse::<Value>(text.as_bytes()).unwrap(), value);
    }

    #[test]
    fn a_damaged_document_is_read_alike(
        value in value(),
        damage in vec((any::<Index>(), 0..4_usize, select(r#"{}[]":,\u0dc8 -+.eEtfn19"#.chars().collect::<Vec<_>>())), 1..4),
    ) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        for (at, removed, inserted) in damage {
            let at = at.index(text.len() + 1);
            let end = (at + removed).min(text.len());
            text.splice(at..end, [inserted]);
        }
        alike(&text.into_iter().collect::<String>());
    }

    #[test]
    fn what_looks_like_json_is_read_alike(text in r#"([\[\]{},: ]|"[a\\"u]{0,4}"|\\u[d08cf]{4}|-?[0-9]{1,3}(\.[0-9])?(e[-+]?[0-9])?|null|true|"ж":){0,12}"#) {
        alike(&text);
    }
}
