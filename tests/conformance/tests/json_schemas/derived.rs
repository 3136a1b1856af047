//! The JSON Schemas that schemars derives from the wire types, beside the stored schemas: members, types, what requests
//! demand, and values of enums.

use std::collections::{BTreeMap, BTreeSet};

use polyptych_wire_evotor as evotor;
use polyptych_wire_facebook as facebook;
use polyptych_wire_yandex::{live4, v5};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::stated::{self, Kind, Record, text};

/// Whether a record goes to the provider, or comes from there too. What comes is read leniently: nothing is demanded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Out,
    In,
}

/// A type of ours: its schema and the way it goes.
struct Derived {
    name: String,
    schema: Value,
    way: Way,
}

fn derived<T: JsonSchema>(way: Way) -> Derived {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    Derived { name: T::schema_name().into_owned(), schema, way }
}

macro_rules! types {
    ($way:expr; $($module:ident :: { $($name:ident),* $(,)? });* $(;)?) => {
        vec![$($(derived::<$module::$name>($way)),*),*]
    };
}

impl Derived {
    fn record(&self) -> Record {
        let demanded: BTreeSet<&str> = self.schema["required"].as_array().into_iter().flatten().map(text).collect();
        let members = self.schema["properties"].as_object().into_iter().flatten();
        members.map(|(name, member)| (name.clone(), (self.kind(member), demanded.contains(name.as_str())))).collect()
    }

    fn kind(&self, schema: &Value) -> Kind {
        if let Some(target) = schema["$ref"].as_str() {
            let name = target.strip_prefix("#/$defs/").unwrap_or_else(|| panic!("{target}"));
            let defined = &self.schema["$defs"][name];
            return if defined["type"] == "object" { Kind::Record(name.to_owned()) } else { self.kind(defined) };
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let choices: Vec<_> = choices.iter().filter(|choice| choice["type"] != "null").collect();
            // An open enum: the named values, or any text.
            if let Some(named) = choices.iter().find_map(|choice| choice["enum"].as_array()) {
                return Kind::Enum(named.iter().map(|value| text(value).to_owned()).collect());
            }
            let [one] = choices.as_slice() else { panic!("{}: {schema}", self.name) };
            return self.kind(one);
        }
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().map(text).filter(|kind| *kind != "null").collect(),
            kind => vec![text(kind)],
        };
        match kinds.as_slice() {
            ["string"] if schema["contentEncoding"] == "base64" => Kind::Base64,
            ["string"] => Kind::Text,
            ["integer"] => Kind::Integer,
            ["number"] => Kind::Number,
            ["boolean"] => Kind::Boolean,
            ["array"] => Kind::List(Box::new(self.kind(&schema["items"]))),
            _ => panic!("{}: {schema}", self.name),
        }
    }
}

/// What differs between our types and what is `stated`, where each must be on both sides.
fn differences(ours: Vec<Derived>, mut stated: BTreeMap<String, Record>) -> Vec<String> {
    let mut differences = Vec::new();
    for derived in ours {
        let name = &derived.name;
        let Some(mut expected) = stated.remove(name) else {
            differences.push(format!("{name}: no schema states it"));
            continue;
        };
        if derived.way == Way::In {
            expected.values_mut().for_each(|(_, demanded)| *demanded = false);
        }
        let record = derived.record();
        for member in record.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
            let (ours, theirs) = (record.get(member), expected.get(member));
            if ours != theirs {
                differences.push(format!("{name}.{member}: {ours:?} here, {theirs:?} there"));
            }
        }
    }
    differences.extend(stated.into_keys().map(|name| format!("{name}: stated and not compared")));
    differences
}

fn compare(ours: Vec<Derived>, stated: BTreeMap<String, Record>) {
    assert_eq!(differences(ours, stated), Vec::<String>::new());
}

#[test]
fn yandex_direct_v5_is_what_its_schema_says() {
    let mut ours = types![Way::Out; v5::{
        AddRequest, AdImageAddItem, AdImageHashesCriteria, AdImageSelectionCriteria, DeleteRequest, GetRequest,
        LimitOffset,
    }];
    ours.extend(types![Way::In; v5::{
        AddResponse, AdImageActionResult, AdImageGetItem, DeleteResponse, ExceptionNotification, GetResponse,
    }]);
    compare(ours, stated::v5());
}

#[test]
fn yandex_direct_live4_is_what_its_schema_says() {
    let mut ours = types![Way::Out; live4::{
        AdImageAssociationRequest, AdImageAssociationSelectionCriteria, AdImageRaw, AdImageRequest,
        AdImageSelectionCriteria, AdImageUrl,
    }];
    ours.extend(types![Way::In; live4::{
        AdImage, AdImageActionResult, AdImageAssociation, AdImageAssociationActionResult,
        AdImageAssociationResponse, AdImageLimit, AdImageResponse, AdImageUpload, Error, RejectReason, Warning,
    }]);
    compare(ours, stated::live4());
}

#[test]
fn facebook_is_what_its_spec_says() {
    compare(types![Way::In; facebook::{ AdAccount, AdImage }], stated::facebook());
}

#[test]
fn evotor_is_what_its_schema_says() {
    let ours = types![Way::In; evotor::{
        Error, Paging, Product, ProductImage, ProductImageList, ProductImageMeta, ProductList, Store, StoreList,
        Violation,
    }];
    compare(ours, stated::evotor());
}

#[test]
fn every_kind_of_difference_is_told() {
    let paging = |kind: Kind, demanded| -> BTreeMap<String, Record> {
        let members = [("Limit", (kind, demanded)), ("Offset", (Kind::Integer, false))];
        let members = members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect();
        [("LimitOffset".to_owned(), members)].into()
    };
    let told = |stated| differences(types![Way::Out; v5::{ LimitOffset }], stated);
    assert_eq!(told(paging(Kind::Integer, false)), Vec::<String>::new());
    assert!(told(paging(Kind::Text, false))[0].starts_with("LimitOffset.Limit: "));
    assert!(told(paging(Kind::Integer, true))[0].starts_with("LimitOffset.Limit: "));

    let mut more = paging(Kind::Integer, false);
    more.get_mut("LimitOffset").unwrap().insert("Page".to_owned(), (Kind::Integer, false));
    more.insert("Other".to_owned(), Record::new());
    let more = told(more);
    assert!(more[0].starts_with("LimitOffset.Page: None here"), "{more:?}");
    assert_eq!(more[1], "Other: stated and not compared");
    assert_eq!(told(BTreeMap::new()), ["LimitOffset: no schema states it"]);

    let fewer = BTreeSet::from(["ACTIVE".to_owned()]);
    let stated =
        BTreeMap::from([("AdImage".to_owned(), Record::from([("status".to_owned(), (Kind::Enum(fewer), false))]))]);
    let told = differences(types![Way::In; facebook::{ AdImage }], stated);
    assert!(told.iter().any(|line| line.starts_with("AdImage.status: ")), "{told:?}");
}
