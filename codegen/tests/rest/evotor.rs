//! The stored OpenAPI document against the samples of the provider's documentation and recorded bodies.

use std::fs;

use polyptych_codegen::ir::{Api, Binding, Scalar, TypeKind, TypeName, TypeRef};
use polyptych_codegen::source::openapi;
use serde_json::Value;

use crate::support::{reference, stored};

fn api() -> Api {
    openapi::parse("evotor", "evotor/openapi.json", &stored("evotor/openapi.json")).unwrap()
}

/// Everything in which `value` is not as the schema says, members that it does not name included.
fn differences(api: &Api, ty: &TypeRef, value: &Value, at: &str) -> Vec<String> {
    let fits = match (ty, value) {
        (TypeRef::Scalar(Scalar::String | Scalar::DateTime), Value::String(_)) => true,
        (TypeRef::Scalar(Scalar::Int64), Value::Number(number)) => number.is_i64(),
        (TypeRef::Scalar(Scalar::Float64), Value::Number(_)) | (TypeRef::Scalar(Scalar::Bool), Value::Bool(_)) => true,
        (TypeRef::List(item), Value::Array(items)) => {
            return items.iter().flat_map(|value| differences(api, item, value, &format!("{at}[]"))).collect();
        }
        (TypeRef::Named(name), Value::Object(members)) => return members_differ(api, name, members, at),
        _ => false,
    };
    if fits { Vec::new() } else { vec![format!("{at}: {value} is not {ty:?}")] }
}

fn members_differ(api: &Api, name: &TypeName, members: &serde_json::Map<String, Value>, at: &str) -> Vec<String> {
    let TypeKind::Struct { fields, .. } = &api.types[name].kind else { panic!("{name} is no record") };
    let missing = fields.iter().filter(|field| field.required && !members.contains_key(&field.wire));
    let mut found: Vec<String> = missing.map(|field| format!("{at}: no {}", field.wire)).collect();
    for (key, value) in members {
        match fields.iter().find(|field| field.wire == *key) {
            Some(field) => found.extend(differences(api, &field.ty, value, &format!("{at}/{key}"))),
            None => found.push(format!("{at}/{key}: not in the schema")),
        }
    }
    found
}

fn named(api: &Api, local: &str) -> TypeRef {
    TypeRef::Named(api.types.keys().find(|name| name.local == local).unwrap().clone())
}

#[test]
fn samples_and_recorded_errors_conform_to_the_document() {
    let Some(folder) = reference() else { return };
    let api = api();
    for (file, ty) in [
        ("image_post_200", "ProductImage"),
        ("image_get_200", "ProductImage"),
        ("images_list_200", "ProductImageList"),
        ("stores_list_200", "StoreList"),
        ("products_list_200", "ProductList"),
        ("error_400_validation_failed.recorded", "Error"),
        ("error_400_invalid_format.recorded", "Error"),
    ] {
        let text = fs::read_to_string(folder.join("evotor/doc_samples").join(file).with_added_extension("json"));
        let value: Value = serde_json::from_str(&text.unwrap()).unwrap();
        assert_eq!(differences(&api, &named(&api, ty), &value, ""), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn a_sample_of_another_shape_does_not_conform() {
    let api = api();
    let value = serde_json::json!({"id": 1, "createdAt": "2018"});
    let found = differences(&api, &named(&api, "ProductImage"), &value, "");
    assert_eq!(found.len(), 3, "{found:?}");
}

#[test]
fn the_operations_are_the_documented_ones() {
    let api = api();
    let lines: Vec<String> = api
        .operations
        .values()
        .map(|operation| match &operation.binding {
            Binding::Rest { method, path, accept, output, .. } => {
                let answer = output.as_ref().and_then(TypeRef::name).map_or("nothing", |name| &name.local);
                format!("{} {method} {path} {accept} {answer}", operation.name)
            }
            Binding::Soap { .. } => panic!("{operation:?}"),
        })
        .collect();
    let images = "/stores/{store_id}/products/{product_id}/images";
    let json = "application/vnd.evotor.v2+json";
    assert_eq!(
        lines,
        [
            format!("deleteProductImage DELETE {images}/{{image_id}} {json} nothing"),
            format!("getProduct GET /stores/{{store_id}}/products/{{product_id}} {json} Product"),
            format!("getProductImage GET {images}/{{image_id}} {json} ProductImage"),
            format!("listProductImages GET {images} {json} ProductImageList"),
            format!("listProducts GET /stores/{{store_id}}/products {json} ProductList"),
            format!("listStores GET /stores {json} StoreList"),
            format!("uploadProductImage POST {images} {json} ProductImage"),
        ]
    );
}
