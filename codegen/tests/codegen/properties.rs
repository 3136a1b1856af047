//! Arbitrary representations, with names that no provider would think of: passes and emitters never panic, what they
//! accept is Rust with unique names, and what they do not accept is an error that is not the generator's own.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use polyptych_codegen::emit::shape::Model;
use polyptych_codegen::emit::{format, rest, soap};
use polyptych_codegen::ir::{
    Api, Binding, Effect, EnumValue, Fault, Field, Location, Operation, Origin, Param, Scalar, SoapStyle, Style,
    TypeDef, TypeKind, TypeName, TypeRef, Usage,
};
use polyptych_codegen::pass::prepare;
use polyptych_codegen::pass::prune::Roots;
use polyptych_codegen::{ErrorKind, Errors};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use syn::{Fields, Item, UseTree};

const CASES: u32 = 400;

/// Words of names: keywords, what generated code uses itself, digits first, no letters, other alphabets, clashes.
const WORDS: &[&str] = &[
    "a",
    "A",
    "b",
    "item",
    "Item",
    "ITEM",
    "itemId",
    "item_id",
    "self",
    "Self",
    "super",
    "crate",
    "type",
    "fn",
    "async",
    "dyn",
    "try",
    "gen",
    "union",
    "_",
    "__",
    "-",
    "",
    "1",
    "2nd",
    "9-9",
    "new",
    "with_a",
    "value",
    "writer",
    "body",
    "object",
    "query",
    "path",
    "form",
    "headers",
    "element",
    "child",
    "read",
    "boundary",
    "part",
    "error",
    "Error",
    "Request",
    "Body",
    "Query",
    "Operation",
    "operation",
    "Method",
    "Effect",
    "Option",
    "Vec",
    "String",
    "Blob",
    "Default",
    "Unknown",
    "None",
    "Ok",
    "Result",
    "HeaderMap",
    "Multipart",
    "FilePart",
    "MultipartError",
    "Serialize",
    "polyptych_wire",
    "std",
    "http",
    "serde",
    "ё",
    "картинка",
    "漢",
    "é2",
    "a b",
    "a\"b",
    "a\\",
    "a\nb",
    "*/",
    "{a}",
    "#",
    "r#type",
    "http",
    "header",
    "rest",
    "BodyWriter",
    "Box",
    "Some",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(WORDS).prop_map(str::to_owned),
        2 => (select(WORDS), select(WORDS)).prop_map(|(first, second)| format!("{first}{second}")),
        1 => any::<String>(),
    ]
}

/// Mostly nothing: an overlay's name in Rust, which may be no name at all.
fn renamed() -> impl Strategy<Value = String> {
    prop_oneof![60 => Just(String::new()), 1 => word()]
}

fn origin() -> Origin {
    Origin { file: "s.x".to_owned(), place: "1".to_owned() }
}

/// Types that are always there, so that most references hit.
const TYPES: &[&str] = &["Item", "a", "Other", "Kind", "1", "self"];

fn named(local: String) -> TypeName {
    TypeName { namespace: "urn:s".to_owned(), local }
}

fn type_name() -> impl Strategy<Value = TypeName> {
    prop_oneof![60 => select(TYPES).prop_map(str::to_owned), 1 => word()].prop_map(named)
}

fn type_ref() -> impl Strategy<Value = TypeRef> {
    use Scalar::{
        Base64, Base64Text, Bool, Bytes, Date, DateTime, Decimal, File, Float64, Int32, Int64, Json, String, UInt32,
        UInt64,
    };
    let scalars = vec![
        String, String, Bool, Int32, Int64, UInt32, UInt64, Float64, Base64, Base64Text, File, Decimal, Date, DateTime,
        Json, Bytes,
    ];
    let common = vec![String, String, Bool, Int32, Int64, UInt32, UInt64, Float64, Base64, Date];
    let leaf = prop_oneof![9 => select(common).prop_map(TypeRef::Scalar), 1 => select(scalars).prop_map(TypeRef::Scalar), 4 => type_name().prop_map(TypeRef::Named)];
    let within = leaf.clone().prop_recursive(3, 4, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|item| TypeRef::List(Box::new(item))),
            inner.prop_map(|value| TypeRef::Map(Box::new(value))),
        ]
    });
    prop_oneof![12 => leaf, 1 => within]
}

fn field() -> impl Strategy<Value = Field> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (word(), renamed(), type_ref(), flags, renamed()).prop_map(|(wire, rust_name, ty, flags, doc)| {
        let (required, repeated, nillable, inline) = flags;
        Field { wire, rust_name, ty, required, repeated, nillable, inline, boxed: false, doc, origin: origin() }
    })
}

fn kind() -> impl Strategy<Value = TypeKind> {
    let value = (word(), renamed()).prop_map(|(wire, doc)| EnumValue { wire, rust_name: String::new(), doc });
    prop_oneof![
        5 => (proptest::option::weighted(0.05, type_name()), vec(field(), 0..5)).prop_map(|(base, fields)| TypeKind::Struct { base, fields }),
        2 => vec(value, 0..4).prop_map(|values| TypeKind::Enum { values }),
        1 => type_ref().prop_map(TypeKind::Alias),
    ]
}

fn type_def() -> impl Strategy<Value = TypeDef> {
    (kind(), renamed(), renamed()).prop_map(|(kind, rust_name, doc)| TypeDef {
        kind,
        rust_name,
        doc,
        usage: Usage::default(),
        origin: origin(),
    })
}

fn soap_binding(style: SoapStyle) -> impl Strategy<Value = Binding> {
    let end = || proptest::option::of(type_ref());
    let fault = (word(), type_name(), type_ref()).prop_map(|(name, element, ty)| {
        let origin = origin();
        Fault { name, element, ty, origin }
    });
    let parts = (word(), word(), end(), end(), vec(fault, 0..2));
    parts.prop_map(move |(method, input_element, input, output, faults)| Binding::Soap {
        style,
        method,
        action: "urn:a".to_owned(),
        namespace: "urn:s".to_owned(),
        input_element,
        input,
        output,
        faults,
    })
}

fn rest_binding() -> impl Strategy<Value = Binding> {
    use Location::{
        Cookie, FormField, FormPart, FormPartEach, Header, JsonBody, JsonWhole, Path, Query, QueryCommas, QueryStyled,
        RawBody,
    };
    let usual = select(vec![Path, Query, Query, JsonBody, JsonBody, QueryStyled(Style::Deep), Header, Cookie]);
    let unusual =
        select(vec![QueryCommas, FormPart, FormPartEach, JsonWhole, RawBody, FormField(Style::Each), JsonBody, Query]);
    let location = prop_oneof![3 => usual, 1 => unusual];
    let param = (field(), location).prop_map(|(field, location)| Param { field, location });
    let method = select(vec!["GET", "POST", "PUT", "DELETE", "GET", "POST", "PUT", "DELETE", "GET", "BREW"]);
    let path = prop_oneof![9 => Just("/things".to_owned()), 1 => Just("/{a}/{b}".to_owned()), 1 => word()];
    let accept = select(vec!["", "application/json", "\n"]);
    let output = (proptest::option::of(type_ref()), any::<bool>());
    (method, path, vec(param, 0..4), accept, output).prop_map(
        |(method, path, params, accept, (output, may_be_empty))| Binding::Rest {
            method: method.to_owned(),
            path,
            params,
            media: String::new(),
            accept: accept.to_owned(),
            output,
            may_be_empty,
        },
    )
}

fn api(binding: BoxedStrategy<Binding>) -> impl Strategy<Value = Api> {
    let effect = select(vec![Effect::Safe, Effect::Idempotent, Effect::Write]);
    let operation = (binding, renamed(), effect, renamed());
    let always = vec(type_def(), TYPES.len());
    let types = (always, btree_map(word().prop_map(named), type_def(), 0..2)).prop_map(|(always, mut types)| {
        types.extend(TYPES.iter().map(|local| named((*local).to_owned())).zip(always));
        types
    });
    (types, btree_map(word(), operation, 1..4)).prop_map(|(types, operations)| Api {
        name: "s".to_owned(),
        types,
        operations: operations
            .into_iter()
            .map(|(name, (binding, rust_name, effect, doc))| {
                (name.clone(), Operation { name, rust_name, binding, effect, doc, origin: origin() })
            })
            .collect(),
    })
}

/// What is wrong with what was made; nothing if it was refused for what the schema says.
fn judge(made: Result<String, Errors>) -> Result<(), TestCaseError> {
    match made {
        Err(errors) => {
            prop_assert!(errors.iter().next().is_some(), "refused without a reason");
            let own = errors.iter().find(|error| error.kind == ErrorKind::Emit);
            prop_assert!(own.is_none(), "{}", own.map(ToString::to_string).unwrap_or_default());
            Ok(())
        }
        Ok(text) => {
            let file = syn::parse_file(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
            unique_names(&file.items).map_err(|problem| TestCaseError::fail(format!("{problem}\n{text}")))
        }
    }
}

fn unique_names(items: &[Item]) -> Result<(), String> {
    let mut names = Names::default();
    let mut methods: BTreeMap<String, Names> = BTreeMap::new();
    for item in items {
        match item {
            Item::Use(item) => imported(&item.tree, &mut names)?,
            Item::Struct(item) => {
                names.claim(&item.ident)?;
                let mut members = Names::default();
                let Fields::Named(fields) = &item.fields else { continue };
                fields
                    .named
                    .iter()
                    .filter_map(|field| field.ident.as_ref())
                    .try_for_each(|ident| members.claim(ident))?;
            }
            Item::Enum(item) => {
                names.claim(&item.ident)?;
                let mut variants = Names::default();
                item.variants.iter().try_for_each(|variant| variants.claim(&variant.ident))?;
            }
            Item::Macro(item) => open_enum(item.mac.tokens.clone(), &mut names)?,
            Item::Mod(item) => {
                names.claim(&item.ident)?;
                unique_names(item.content.as_ref().map(|(_, items)| items.as_slice()).unwrap_or_default())?;
            }
            Item::Impl(item) if item.trait_.is_none() => {
                let ty = &item.self_ty;
                let scope = methods.entry(quote::quote!(#ty).to_string()).or_default();
                for item in &item.items {
                    if let syn::ImplItem::Fn(method) = item {
                        scope.claim(&method.sig.ident)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn open_enum(tokens: proc_macro2::TokenStream, names: &mut Names) -> Result<(), String> {
    // The macro takes `Variant = "value"`; as an enum of Rust its values would be numbers.
    let item: syn::ItemEnum = syn::parse2(tokens).map_err(|error| error.to_string())?;
    names.claim(&item.ident)?;
    let mut variants = Names::default();
    item.variants.iter().try_for_each(|variant| variants.claim(&variant.ident))?;
    if variants.0.contains("Unknown") { Err("a variant has the name of the open one".to_owned()) } else { Ok(()) }
}

fn imported(tree: &UseTree, names: &mut Names) -> Result<(), String> {
    match tree {
        UseTree::Path(path) => imported(&path.tree, names),
        UseTree::Name(name) => names.claim(&name.ident),
        UseTree::Group(group) => group.items.iter().try_for_each(|tree| imported(tree, names)),
        UseTree::Rename(_) | UseTree::Glob(_) => Err("an import that generated code does not use".to_owned()),
    }
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl Names {
    fn claim(&mut self, ident: &proc_macro2::Ident) -> Result<(), String> {
        if self.0.insert(ident.to_string()) { Ok(()) } else { Err(format!("`{ident}` is there twice")) }
    }
}

/// Judges what `emit` makes of arbitrary services; enough of them must be accepted.
fn judge_all(binding: BoxedStrategy<Binding>, emit: fn(Api) -> Result<String, Errors>) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(CASES) };
    let accepted = Cell::new(0);
    let judged = TestRunner::new(config).run(&api(binding), |api| {
        let made = prepare(api, &[], Roots::default()).and_then(emit);
        accepted.set(accepted.get() + u32::from(made.is_ok()));
        judge(made)
    });
    if let Err(error) = judged {
        panic!("{error}");
    }
    println!("{} of {CASES} services were accepted", accepted.get());
    assert!(accepted.get() > CASES / 20, "only {} of {CASES} services were accepted", accepted.get());
}

#[test]
fn soap_services_make_rust_with_unique_names() {
    for style in [SoapStyle::DocumentLiteral, SoapStyle::RpcEncoded] {
        judge_all(soap_binding(style).boxed(), |api| Ok(format(soap::emit(&Model::new(&api), "A service.")?, "s.x")?));
    }
}

#[test]
fn rest_services_make_rust_with_unique_names() {
    judge_all(rest_binding().boxed(), |api| Ok(format(rest::emit(&api, "A service.")?, "s.x")?));
}
