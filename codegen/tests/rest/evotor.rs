//! The stored OpenAPI document against the samples of the provider's documentation and recorded bodies.

use std::fs;

use polyptych_codegen::compare::samples;
use polyptych_codegen::ir::{Api, Binding, TypeRef};
use polyptych_codegen::source::openapi;

use crate::support::{reference, stored};

fn api() -> Api {
    openapi::parse("evotor", "evotor/openapi.json", &stored("evotor/openapi.json")).unwrap()
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
        let path = format!("evotor/doc_samples/{file}.json");
        let found = samples::check(&api, ty, &path, &fs::read(folder.join(&path)).unwrap()).unwrap();
        assert!(found.differences.is_empty(), "{file}: {:?}", found.differences);
    }
}

#[test]
fn a_sample_of_another_shape_does_not_conform() {
    let sample = br#"{"id": 1, "createdAt": "2018"}"#;
    let found = samples::check(&api(), "ProductImage", "sample.json", sample).unwrap();
    let told: Vec<_> =
        found.differences.iter().map(|item| format!("{} {}", item.change.node, item.change.aspect)).collect();
    assert!(told.contains(&"field ProductImage.id type".to_owned()), "{told:?}");
    assert!(told.contains(&"field ProductImage.createdAt presence".to_owned()), "{told:?}");
    assert_eq!(told.len(), 3, "{told:?}");
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
