//! JSON as the providers write it.

use polyptych_wire::json;
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
struct Sloppy {
    #[serde(default, deserialize_with = "json::lenient_int")]
    count: Option<i64>,
    #[serde(default, deserialize_with = "json::lenient_int")]
    size: Option<u32>,
    #[serde(default, deserialize_with = "json::lenient_list")]
    items: Vec<i64>,
    #[serde(default, deserialize_with = "json::lenient_text")]
    id: Option<String>,
}

fn read(text: &str) -> Result<Sloppy, serde_json::Error> {
    json::parse(text.as_bytes())
}

#[test]
fn a_count_may_be_a_number_or_text() {
    let expected = Sloppy { count: Some(7), size: Some(3), items: vec![1], id: Some("19".to_owned()) };
    assert_eq!(read(r#"{"count":7,"size":3,"items":[1],"id":19}"#).unwrap(), expected);
    assert_eq!(read(r#"{"count":"7","size":"3","items":[1],"id":"19"}"#).unwrap(), expected);
}

#[test]
fn absent_null_and_empty_are_the_same() {
    let expected = Sloppy { count: None, size: None, items: vec![], id: None };
    assert_eq!(read("{}").unwrap(), expected);
    assert_eq!(read(r#"{"count":null,"size":"","items":null,"id":null}"#).unwrap(), expected);
    assert_eq!(read(r#"{"items":[]}"#).unwrap(), expected);
}

#[test]
fn a_value_out_of_range_or_of_another_kind_is_an_error_and_not_a_guess() {
    for text in [
        r#"{"size":-1}"#,
        r#"{"size":4294967296}"#,
        r#"{"count":"x"}"#,
        r#"{"count":true}"#,
        r#"{"items":{}}"#,
        r#"{"count":1.5}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Refusal {
    #[serde(default, deserialize_with = "json::refusal_int")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "json::refusal_text")]
    message: Option<String>,
    #[serde(default, deserialize_with = "json::refusal_bool")]
    transient: Option<bool>,
}

#[test]
fn a_member_of_a_refusal_is_read_or_absent_and_never_costs_the_others() {
    let cases = [
        (r#"{"code":53,"message":"m","transient":true}"#, Some(53), Some("m"), Some(true)),
        (r#"{"code":" 53 ","message":7,"transient":0}"#, Some(53), Some("7"), Some(false)),
        (r#"{"code":53.0,"message":{"a":1},"transient":"true"}"#, Some(53), Some(r#"{"a":1}"#), Some(true)),
        (r#"{"code":"x","message":null,"transient":"perhaps"}"#, None, None, None),
        (r#"{"code":5.5,"message":"m"}"#, None, Some("m"), None),
        (r#"{"code":99999999999999999999999,"message":"m","transient":[]}"#, None, Some("m"), None),
    ];
    for (text, code, message, transient) in cases {
        let expected = Refusal { code, message: message.map(str::to_owned), transient };
        assert_eq!(json::parse::<Refusal>(text.as_bytes()).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_skipped_and_a_second_document_is_not() {
    assert_eq!(json::parse::<Vec<i64>>(b"\xef\xbb\xbf[1]").unwrap(), [1]);
    assert_eq!(json::parse::<Vec<String>>("\u{feff}[\"ж\"]".as_bytes()).unwrap(), ["ж"]);
    assert!(json::parse::<Vec<String>>(b"[\"\xd0\"]").is_err(), "text that is not UTF-8");
    for refused in [&b"\xef\xbb\xbf"[..], b"[1] [2]", b"[1]x", b"[\xef\xbb\xbf1]"] {
        assert!(json::parse::<Vec<i64>>(refused).is_err());
    }
}

polyptych_wire::open_enum! {
    /// Colours.
    enum Colour {
        /// Red.
        Red = "RED",
    }
}

#[test]
fn an_enum_keeps_a_value_that_it_does_not_know() {
    let values: Vec<Colour> = json::parse(br#"["RED","PUCE"]"#).unwrap();
    assert_eq!(values, [Colour::Red, Colour::Unknown("PUCE".into())]);
    assert_eq!(serde_json::to_string(&values).unwrap(), r#"["RED","PUCE"]"#);
    assert_eq!(Colour::NAMED, ["RED"]);
}

#[test]
fn a_record_is_not_read_from_a_list() {
    let record = json::parse::<Sloppy>(b"\xef\xbb\xbf {\"count\":\"7\"}").unwrap();
    assert_eq!(record.count, Some(7));
    for list in [&b"[]"[..], b"\n[7]", b"\xef\xbb\xbf[]"] {
        let error = json::parse::<Sloppy>(list).unwrap_err().to_string();
        assert!(error.starts_with("invalid type: sequence, expected "), "{error}");
    }
    assert!(json::parse::<Sloppy>(b"").is_err());
}

#[test]
fn a_record_within_another_value_is_not_read_from_a_list_either() {
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Inner {
        a: Option<i64>,
    }
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Outer {
        one: Option<Box<Inner>>,
        #[serde(deserialize_with = "json::lenient_list")]
        many: Vec<Inner>,
        #[serde(deserialize_with = "json::lenient_map")]
        map: std::collections::BTreeMap<String, Inner>,
        any: Option<serde_json::Value>,
    }
    let read = |text: &str| json::parse::<Outer>(text.as_bytes());
    let whole = read(r#"{"one":{"a":1},"many":[{"a":2},{}],"map":{"m":{"a":3}},"any":[{"a":[4]}]}"#).unwrap();
    assert_eq!(whole.one, Some(Box::new(Inner { a: Some(1) })));
    assert_eq!(whole.many, [Inner { a: Some(2) }, Inner { a: None }]);
    assert_eq!(whole.map["m"], Inner { a: Some(3) });
    assert_eq!(whole.any, Some(serde_json::json!([{"a": [4]}])));
    assert_eq!(read(r#"{"one":null,"many":null,"map":null,"any":null}"#).unwrap(), Outer::default());
    for list in ["[1]", "[]", "[{}]"] {
        for text in
            [format!(r#"{{"one":{list}}}"#), format!(r#"{{"many":[{list}]}}"#), format!(r#"{{"map":{{"m":{list}}}}}"#)]
        {
            let error = read(&text).unwrap_err().to_string();
            assert!(error.starts_with("invalid type: sequence, expected struct Inner"), "{text}: {error}");
        }
    }
}

#[test]
fn a_refusal_may_be_a_text_instead_of_an_object() {
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Message {
        #[serde(deserialize_with = "json::refusal_text")]
        message: Option<String>,
    }
    impl From<String> for Message {
        fn from(message: String) -> Self {
            Self { message: Some(message) }
        }
    }
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(default, deserialize_with = "json::refusal_record")]
        error: Option<Message>,
    }
    let cases = [
        ("{}", None),
        (r#"{"error":null}"#, None),
        (r#"{"error":false}"#, None),
        (r#"{"error":{}}"#, Some(None)),
        (r#"{"error":{"message":5}}"#, Some(Some("5"))),
        (r#"{"error":"no"}"#, Some(Some("no"))),
        (r#"{"error":[7]}"#, Some(Some("[7]"))),
        (r#"{"error":503}"#, Some(Some("503"))),
    ];
    for (text, expected) in cases {
        let read = json::parse::<Envelope>(text.as_bytes()).unwrap().error;
        assert_eq!(read, expected.map(|message| Message { message: message.map(str::to_owned) }), "{text}");
    }
}

#[test]
fn a_record_inside_of_a_refusal_is_not_read_from_a_list_by_position() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Blame {
        field: String,
    }
    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Refusal {
        blames: Vec<Blame>,
    }
    impl From<String> for Refusal {
        fn from(_: String) -> Self {
            Self::default()
        }
    }
    #[derive(Debug, Deserialize)]
    struct Envelope {
        #[serde(deserialize_with = "json::refusal_record")]
        error: Option<Refusal>,
    }
    let read = |text: &str| json::parse::<Envelope>(text.as_bytes()).map(|read| read.error);
    let blamed = Refusal { blames: vec![Blame { field: "bytes".to_owned() }] };
    assert_eq!(read(r#"{"error":{"blames":[{"field":"bytes"}]}}"#).unwrap(), Some(blamed));
    let error = read(r#"{"error":{"blames":[["bytes"]]}}"#).unwrap_err().to_string();
    assert!(error.contains("expected struct Blame"), "{error}");
}

#[test]
fn a_number_with_a_fraction_may_be_text() {
    #[derive(Deserialize)]
    struct Priced {
        #[serde(default, deserialize_with = "json::lenient_float")]
        price: Option<f64>,
    }
    let read = |price: &str| json::parse::<Priced>(format!(r#"{{"price":{price}}}"#).as_bytes()).map(|read| read.price);
    for (text, price) in [("123.12", 123.12), ("\"123.12\"", 123.12), ("5", 5.0), ("-5", -5.0), ("\"1e2\"", 100.0)] {
        assert_eq!(read(text).unwrap(), Some(price), "{text}");
    }
    for text in ["null", "\"\""] {
        assert_eq!(read(text).unwrap(), None, "{text}");
    }
    for text in ["\"NaN\"", "\"inf\"", "\"1,5\"", "true", "[]", "{}", "1e999", "\"1e999\""] {
        assert!(read(text).is_err(), "{text}");
    }
    assert_eq!(json::parse::<Priced>(b"{}").unwrap().price, None);
}
