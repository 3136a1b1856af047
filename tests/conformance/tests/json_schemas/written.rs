//! Arbitrary values as the wire types write them, judged by a validator that we did not write with JSON Schemas made
//! from the stored schemas.

use std::fmt::Debug;

use jsonschema::Validator;
use polyptych_wire::BodyWriter;
use polyptych_wire::json::WriteJson;
use polyptych_wire_yandex::live4::{AdImageAssociationRequest, AdImageRequest};
use polyptych_wire_yandex::{Encoding, live4, v5};
use proptest::prelude::{ProptestConfig, TestCaseError};
use proptest::test_runner::TestRunner;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::every_type::checks::text;
use crate::every_type::{Draw, Sample, entropy};
use crate::stated::{self, BOTH_WAYS, Kind, Record, Stated};

/// Records of the Graph API that no spec describes: pages, and what operations answer or take.
const NO_SPEC: &[&str] = &[
    "AdAccountPage",
    "AdImagePage",
    "Business",
    "CopyFrom",
    "CreatedAdImage",
    "CreatedAdImages",
    "Cursors",
    "Paging",
    "Success",
    "Summary",
];

/// What is stated for the provider whose table of types is that module.
fn stated_for(module: &str) -> Stated {
    match module.split("::").find_map(|part| part.strip_prefix("every_type_")) {
        Some("v5") => stated::v5(),
        Some("live4") => stated::live4(),
        Some("facebook") => stated::facebook(),
        Some("evotor") => stated::evotor(),
        _ => panic!("{module} is of no provider"),
    }
}

/// A type that goes out writes what is stated, with all that is demanded.
pub(crate) fn sent<T: Sample + WriteJson + JsonSchema + Debug>(module: &str) {
    judge::<T>(module, true, |value| {
        let mut body = BodyWriter::new();
        value.write_json(&mut body);
        serde_json::from_str(&text(body.finish())).unwrap()
    });
}

/// A type that comes back is written as what is stated; nothing is demanded of an answer.
pub(crate) fn answered<T: Sample + Serialize + JsonSchema + Debug>(module: &str) {
    judge::<T>(module, false, |value| serde_json::to_value(value).unwrap());
}

fn judge<T: Sample + JsonSchema + Debug>(module: &str, demanding: bool, write: impl Fn(&T) -> Value) {
    let (stated, name) = (stated_for(module), T::schema_name());
    let unstated = module.contains("facebook") && NO_SPEC.contains(&&*name);
    assert_ne!(stated.contains_key(&*name), unstated, "{name}");
    if stated.contains_key(&*name) {
        for_values(&validator(&stated, &name, demanding), write);
    }
}

fn for_values<T: Sample + Debug>(validator: &Validator, write: impl Fn(&T) -> Value) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) };
    let judged = TestRunner::new(config).run(&entropy(), |bytes| {
        let value = T::draw(&mut Draw::new(&bytes, true).named_only());
        let written = write(&value);
        validator.validate(&written).map_err(|error| TestCaseError::fail(format!("{error}\nof {written}")))
    });
    if let Err(error) = judged {
        panic!("{error}");
    }
}

fn validator(stated: &Stated, name: &str, demanding: bool) -> Validator {
    made(stated, json!({"$ref": format!("#/$defs/{name}")}), demanding)
}

/// A validator of `root`, which may refer to each of the records.
fn made(stated: &Stated, mut root: Value, demanding: bool) -> Validator {
    let record = |(name, members): (&String, &Record)| {
        let demanding = demanding && !BOTH_WAYS.contains(&name.as_str());
        let properties: Map<_, _> =
            members.iter().map(|(name, (kind, _))| (name.clone(), schema(kind, stated))).collect();
        let demanded: Vec<_> =
            members.iter().filter(|(_, (_, must))| *must && demanding).map(|(name, _)| name).collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": demanded, "additionalProperties": false,
        });
        (name.clone(), schema)
    };
    root["$defs"] = Value::Object(stated.iter().map(record).collect());
    root["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&root));
    jsonschema::validator_for(&root).unwrap()
}

fn schema(kind: &Kind, stated: &Stated) -> Value {
    match kind {
        Kind::Text => json!({"type": "string"}),
        Kind::Base64 => {
            json!({"type": "string", "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"})
        }
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Enum(values) => json!({"enum": values}),
        Kind::Record(name) if stated.contains_key(name) => json!({"$ref": format!("#/$defs/{name}")}),
        Kind::Record(_) => json!({"type": "object"}),
        Kind::List(item) => json!({"type": "array", "items": schema(item, stated)}),
    }
}

/// An object with exactly these members.
fn envelope(members: Value) -> Value {
    let names: Vec<_> = members.as_object().unwrap().keys().cloned().collect();
    json!({"type": "object", "properties": members, "required": names, "additionalProperties": false})
}

#[test]
fn whole_requests_of_v5_are_the_method_and_what_is_stated() {
    fn check<O: polyptych_wire::soap::Operation>(method: &str, record: &str)
    where
        O::Request: Sample + Debug,
    {
        let root = envelope(json!({"method": {"const": method}, "params": {"$ref": format!("#/$defs/{record}")}}));
        for_values::<O::Request>(&made(&stated::v5(), root, true), |parameters| {
            let request = v5::request::<O>(Encoding::Json, v5::Version::V501, parameters).unwrap();
            serde_json::from_str(&text(request.body)).unwrap()
        });
    }
    check::<v5::Add>("add", "AddRequest");
    check::<v5::Get>("get", "GetRequest");
    check::<v5::Delete>("delete", "DeleteRequest");
}

#[test]
fn whole_requests_of_v4_live_are_the_method_and_what_is_stated() {
    fn check<R: live4::ActionRequest + Sample + Debug>(method: &str, record: &str) {
        let root = envelope(json!({
            "method": {"const": method}, "param": {"$ref": format!("#/$defs/{record}")},
            "locale": {"const": "en"}, "token": {"const": ""},
        }));
        for_values::<R>(&made(&stated::live4(), root, true), |parameters| {
            let request = live4::request(Encoding::Json, "en", parameters).unwrap();
            serde_json::from_str(&text(request.body)).unwrap()
        });
    }
    check::<AdImageRequest>("AdImage", "AdImageRequest");
    check::<AdImageAssociationRequest>("AdImageAssociation", "AdImageAssociationRequest");
}

#[test]
fn the_validator_refuses_what_is_not_stated() {
    let validator = validator(&stated::v5(), "AddRequest", true);
    let image = json!({"ImageData": "AAAA", "Name": "n", "Type": "AUTO"});
    let of = |image: &Value| json!({"AdImages": [image]});
    assert!(validator.is_valid(&of(&image)));
    for (member, value) in [
        ("ImageData", json!("?")),
        ("ImageData", json!("AAA")),
        ("Name", json!(7)),
        ("Name", Value::Null),
        ("Type", json!("INVENTED")),
        ("Colour", json!("RED")),
    ] {
        let mut other = image.clone();
        other[member] = value;
        assert!(!validator.is_valid(&of(&other)), "{other}");
    }
    for member in ["ImageData", "Name"] {
        let mut less = image.clone();
        less.as_object_mut().unwrap().remove(member);
        assert!(!validator.is_valid(&of(&less)), "{less}");
    }
    assert!(!validator.is_valid(&json!({})));
    assert!(!validator.is_valid(&json!({"AdImages": image})));
}
