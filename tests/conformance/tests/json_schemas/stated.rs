//! The providers' stored schemas as read here, for comparison: no part of the generator is involved.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use roxmltree::{Document, Node};
use serde_json::Value;

/// What a member holds, as far as both sides can say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
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
pub(crate) type Record = BTreeMap<String, (Kind, bool)>;

/// Records by their names.
pub(crate) type Stated = BTreeMap<String, Record>;

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

pub(crate) fn stored(file: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Records of v4 Live that come back as well. Our types of them demand nothing, as no answer does; what is demanded of a
/// request, their `new` takes.
pub(crate) const BOTH_WAYS: &[&str] = &["AdImageAssociation", "RejectReason"];

/// Yandex Direct v5.
pub(crate) fn v5() -> Stated {
    let texts = [stored("yandex-direct-v5/adimages.wsdl"), stored("yandex-direct-v5/general.xsd")];
    let documents: Vec<_> = texts.iter().map(|text| Document::parse(text).unwrap()).collect();
    let mut stated = Xsd::of(&documents).records();
    // Bases of other types, and the detail of a SOAP fault, which is no JSON.
    for base in ["ActionResultBase", "ApiExceptionMessage", "GetRequestGeneral", "GetResponseGeneral"] {
        assert!(stated.remove(base).is_some(), "{base}");
    }
    stated
}

/// Yandex Direct v4 Live.
pub(crate) fn live4() -> Stated {
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
    stated
}

/// Facebook: the nodes.
pub(crate) fn facebook() -> Stated {
    let enums: Value = serde_json::from_str(&stored("facebook/enum_types.json")).unwrap();
    let kind = |name: &str| graph_kind(name, &enums);
    ["AdAccount", "AdImage"]
        .map(|node| {
            let spec: Value = serde_json::from_str(&stored(&format!("facebook/{node}.json"))).unwrap();
            let fields = spec["fields"].as_array().unwrap().iter();
            let members = fields.map(|field| (text(&field["name"]).to_owned(), (kind(text(&field["type"])), false)));
            (node.to_owned(), members.collect())
        })
        .into()
}

/// Evotor Cloud.
pub(crate) fn evotor() -> Stated {
    let schema: Value = serde_json::from_str(&stored("evotor/openapi.json")).unwrap();
    let schemas = schema["components"]["schemas"].as_object().unwrap().iter();
    let stated = schemas.map(|(name, schema)| {
        let members = schema["properties"].as_object().unwrap().iter();
        (name.clone(), members.map(|(name, member)| (name.clone(), (open_api_kind(member), false))).collect())
    });
    stated.collect()
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

pub(crate) const XS: &str = "http://www.w3.org/2001/XMLSchema";

pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The item of a SOAP array.
fn array_item<'d>(node: Node<'d, 'd>) -> Option<&'d str> {
    let array =
        node.descendants().find_map(|node| node.attribute(("http://schemas.xmlsoap.org/wsdl/", "arrayType")))?;
    Some(local(array.strip_suffix("[]").unwrap()))
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
