//! The parameters of every operation arrive as they were given.

use polyptych_wire_evotor as types;

use crate::every_parameter::{BOUNDARY, check, operations};
use crate::every_type::record;

record!(types::DeleteProductImage {
    store_id: "store_id" One,
    product_id: "product_id" One,
    image_id: "image_id" One,
});

record!(types::GetProduct {
    store_id: "store_id" One,
    product_id: "product_id" One,
});

record!(types::GetProductImage {
    store_id: "store_id" One,
    product_id: "product_id" One,
    image_id: "image_id" One,
});

record!(types::ListProductImages {
    store_id: "store_id" One,
    product_id: "product_id" One,
});

record!(types::ListProducts {
    store_id: "store_id" One,
    since: "since" One,
    cursor: "cursor" One,
});

record!(types::ListStores {
    cursor: "cursor" One,
});

record!(types::UploadProductImage {
    store_id: "store_id" One,
    product_id: "product_id" One,
    datafile: "datafile" One,
});

const IMAGES: &str = "/stores/{store_id}/products/{product_id}/images";

#[test]
fn reads_and_deletions_carry_theirs_in_the_path_and_the_query() {
    check("GET", "/stores", &[], types::ListStores::request);
    check("GET", "/stores/{store_id}/products", &[], types::ListProducts::request);
    check("GET", "/stores/{store_id}/products/{product_id}", &[], types::GetProduct::request);
    check("GET", IMAGES, &[], types::ListProductImages::request);
    check("GET", &format!("{IMAGES}/{{image_id}}"), &[], types::GetProductImage::request);
    check("DELETE", &format!("{IMAGES}/{{image_id}}"), &[], types::DeleteProductImage::request);
}

#[test]
fn an_upload_carries_its_in_a_form() {
    check("POST", IMAGES, &[], |upload: &types::UploadProductImage| upload.request(BOUNDARY).unwrap());
}

#[test]
fn no_operation_is_left_out() {
    let checked = [
        "DeleteProductImage",
        "GetProduct",
        "GetProductImage",
        "ListProductImages",
        "ListProducts",
        "ListStores",
        "UploadProductImage",
    ];
    assert_eq!(operations(include_str!("../../src/generated/images.rs")), checked);
}
