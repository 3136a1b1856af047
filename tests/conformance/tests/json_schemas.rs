//! The JSON Schemas that schemars derives from the wire types, beside the providers' stored schemas as read here: no
//! part of the generator is involved. Compared are members, types, what requests demand, and values of enums.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use polyptych_wire_evotor as evotor;
use polyptych_wire_facebook as facebook;
use polyptych_wire_yandex::{live4, v5};
use roxmltree::{Document, Node};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// What a member holds, as far as both sides can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Text,
    Base64,
    Integer,
    Number,
    Boolean,
    Enum(BTreeSet<String>),
    Record(String),
    List(Box<Kind>),
}

/// Members of a record, each with what it holds and whether it must be there.
type Record = BTreeMap<String, (Kind, bool)>;

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

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn stored(file: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
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

/// Schemas in XSD, read by looking at elements.
struct Xsd<'d> {
    nodes: Vec<Node<'d, 'd>>,
}

impl<'d> Xsd<'d> {
    fn of(documents: &'d [Document<'d>]) -> Self {
        Self { nodes: documents.iter().flat_map(Document::descendants).filter(Node::is_element).collect() }
    }

    fn named(&self, tag: &str, name: &str) -> Option<Node<'d, 'd>> {
        let mut found = self.nodes.iter().copied().filter(|node| node.has_tag_name((XS, tag)));
        found.find(|node| node.attribute("name") == Some(name))
    }

    /// Every record, under the name of its type or, where it has none, of its element.
    fn records(&self) -> BTreeMap<String, Record> {
        let types = self.nodes.iter().filter(|node| node.has_tag_name((XS, "complexType")));
        let named = types.filter_map(|node| {
            let own = node.attribute("name");
            Some((own.or_else(|| node.parent_element()?.attribute("name"))?.to_owned(), *node))
        });
        named.filter(|(_, node)| array_item(*node).is_none()).map(|(name, node)| (name, self.members(node))).collect()
    }

    fn members(&self, node: Node<'d, 'd>) -> Record {
        let mut members = Record::new();
        if let Some(extension) = node.descendants().find(|node| node.has_tag_name((XS, "extension"))) {
            let base = self.named("complexType", local(extension.attribute("base").unwrap())).unwrap();
            members.extend(self.members(base));
        }
        for element in node.descendants().filter(|node| node.has_tag_name((XS, "element"))) {
            let kind = self.kind(local(element.attribute("type").unwrap()));
            let many = element.attribute("maxOccurs").is_some_and(|most| most != "1");
            let kind = if many { Kind::List(Box::new(kind)) } else { kind };
            let optional = element.attribute("minOccurs") == Some("0") || element.attribute("nillable") == Some("true");
            members.insert(element.attribute("name").unwrap().to_owned(), (kind, !optional));
        }
        members
    }

    fn kind(&self, name: &str) -> Kind {
        match name {
            "string" => return Kind::Text,
            "int" | "long" => return Kind::Integer,
            "base64Binary" => return Kind::Base64,
            _ => {}
        }
        if let Some(simple) = self.named("simpleType", name) {
            let values = simple.descendants().filter(|node| node.has_tag_name((XS, "enumeration")));
            return Kind::Enum(values.map(|value| value.attribute("value").unwrap().to_owned()).collect());
        }
        let complex = self.named("complexType", name).unwrap_or_else(|| panic!("no type {name}"));
        array_item(complex).map_or_else(|| Kind::Record(name.to_owned()), |item| Kind::List(Box::new(self.kind(item))))
    }
}

const XS: &str = "http://www.w3.org/2001/XMLSchema";

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The item of a SOAP array.
fn array_item<'d>(node: Node<'d, 'd>) -> Option<&'d str> {
    let array =
        node.descendants().find_map(|node| node.attribute(("http://schemas.xmlsoap.org/wsdl/", "arrayType")))?;
    Some(local(array.strip_suffix("[]").unwrap()))
}

#[test]
fn yandex_direct_v5_is_what_its_schema_says() {
    let texts = [stored("yandex-direct-v5/adimages.wsdl"), stored("yandex-direct-v5/general.xsd")];
    let documents: Vec<_> = texts.iter().map(|text| Document::parse(text).unwrap()).collect();
    let mut stated = Xsd::of(&documents).records();
    // Bases of other types, and the detail of a SOAP fault, which is no JSON.
    for base in ["ActionResultBase", "ApiExceptionMessage", "GetRequestGeneral", "GetResponseGeneral"] {
        assert!(stated.remove(base).is_some(), "{base}");
    }
    let mut ours = types![Way::Out; v5::{
        AddRequest, AdImageAddItem, AdImageHashesCriteria, AdImageSelectionCriteria, DeleteRequest, GetRequest,
        LimitOffset,
    }];
    ours.extend(types![Way::In; v5::{
        AddResponse, AdImageActionResult, AdImageGetItem, DeleteResponse, ExceptionNotification, GetResponse,
    }]);
    compare(ours, stated);
}

#[test]
fn yandex_direct_live4_is_what_its_schema_says() {
    let text = stored("yandex-direct-live4/adimage.wsdl");
    let documents = [Document::parse(&text).unwrap()];
    let mut stated = Xsd::of(&documents).records();
    // The schema calls it a string; the overlay says what it carries.
    stated.get_mut("AdImageRaw").unwrap().get_mut("RawData").unwrap().0 = Kind::Base64;
    // Rust writes acronyms as words.
    let url = stated.remove("AdImageURL").unwrap();
    stated.insert("AdImageUrl".to_owned(), url);
    for member in stated.values_mut().flat_map(Record::values_mut) {
        if member.0 == Kind::List(Box::new(Kind::Record("AdImageURL".to_owned()))) {
            member.0 = Kind::List(Box::new(Kind::Record("AdImageUrl".to_owned())));
        }
    }
    let mut ours = types![Way::Out; live4::{
        AdImageAssociationRequest, AdImageAssociationSelectionCriteria, AdImageRaw, AdImageRequest,
        AdImageSelectionCriteria, AdImageUrl,
    }];
    ours.extend(types![Way::In; live4::{
        AdImage, AdImageActionResult, AdImageAssociation, AdImageAssociationActionResult,
        AdImageAssociationResponse, AdImageLimit, AdImageResponse, AdImageUpload, Error, RejectReason, Warning,
    }]);
    compare(ours, stated);
}

#[test]
fn facebook_is_what_its_spec_says() {
    let enums: Value = serde_json::from_str(&stored("facebook/enum_types.json")).unwrap();
    let kind = |name: &str| graph_kind(name, &enums);
    let stated = ["AdAccount", "AdImage"].map(|node| {
        let spec: Value = serde_json::from_str(&stored(&format!("facebook/{node}.json"))).unwrap();
        let fields = spec["fields"].as_array().unwrap().iter();
        let members = fields.map(|field| (text(&field["name"]).to_owned(), (kind(text(&field["type"])), false)));
        (node.to_owned(), members.collect())
    });
    compare(types![Way::In; facebook::{ AdAccount, AdImage }], stated.into());
}

fn graph_kind(name: &str, enums: &Value) -> Kind {
    if let Some(item) = name.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        return Kind::List(Box::new(graph_kind(item, enums)));
    }
    let named = enums.as_array().unwrap().iter().find(|one| one["name"] == name);
    match (name, named) {
        (_, Some(named)) => {
            Kind::Enum(named["values"].as_array().unwrap().iter().map(|value| text(value).to_owned()).collect())
        }
        ("string" | "datetime", _) => Kind::Text,
        ("unsigned int", _) => Kind::Integer,
        ("bool", _) => Kind::Boolean,
        (node, _) => Kind::Record(node.to_owned()),
    }
}

#[test]
fn evotor_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(&stored("evotor/openapi.json")).unwrap();
    let schemas = schema["components"]["schemas"].as_object().unwrap().iter();
    let stated = schemas.map(|(name, schema)| {
        let members = schema["properties"].as_object().unwrap().iter();
        (name.clone(), members.map(|(name, member)| (name.clone(), (open_api_kind(member), false))).collect())
    });
    let ours = types![Way::In; evotor::{
        Error, Paging, Product, ProductImage, ProductImageList, ProductImageMeta, ProductList, Store, StoreList,
        Violation,
    }];
    compare(ours, stated.collect());
}

fn open_api_kind(schema: &Value) -> Kind {
    if let Some(target) = schema["$ref"].as_str() {
        return Kind::Record(target.rsplit('/').next().unwrap().to_owned());
    }
    match text(&schema["type"]) {
        "string" => Kind::Text,
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "array" => Kind::List(Box::new(open_api_kind(&schema["items"]))),
        other => panic!("{other}"),
    }
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
