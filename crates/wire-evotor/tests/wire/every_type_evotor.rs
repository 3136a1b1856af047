//! What the schema of evotor says of every type. Written by the tests of the generator with `POLYPTYCH_BLESS=1`; do
//! not edit.

use polyptych_wire_evotor as types;

use crate::every_type::record;

record!(types::Error {
    code: "code" One,
    message: "message" One,
    value: "value" One,
    violations: "violations" Wrapped,
});

record!(types::Paging {
    next_cursor: "next_cursor" One,
});

record!(types::Product {
    allow_to_sell: "allow_to_sell" One,
    article_number: "article_number" One,
    barcodes: "barcodes" Wrapped,
    code: "code" One,
    cost_price: "cost_price" One,
    created_at: "created_at" One,
    description: "description" One,
    id: "id" One,
    images: "images" Wrapped,
    measure_name: "measure_name" One,
    name: "name" One,
    parent_id: "parent_id" One,
    price: "price" One,
    quantity: "quantity" One,
    store_id: "store_id" One,
    tax: "tax" One,
    r#type: "type" One,
    updated_at: "updated_at" One,
    user_id: "user_id" One,
});

record!(types::ProductImage {
    created_at: "created_at" One,
    id: "id" One,
    meta: "meta" One,
    product_id: "product_id" One,
    store_id: "store_id" One,
    updated_at: "updated_at" One,
    url: "url" One,
    user_id: "user_id" One,
});

record!(types::ProductImageList {
    items: "items" Wrapped,
    paging: "paging" One,
});

record!(types::ProductImageMeta {
    extension: "extension" One,
    file_size: "file_size" One,
    height: "height" One,
    width: "width" One,
});

record!(types::ProductList {
    items: "items" Wrapped,
    paging: "paging" One,
});

record!(types::Store {
    address: "address" One,
    created_at: "created_at" One,
    id: "id" One,
    name: "name" One,
    updated_at: "updated_at" One,
    user_id: "user_id" One,
});

record!(types::StoreList {
    items: "items" Wrapped,
    paging: "paging" One,
});

record!(types::Violation {
    reason: "reason" One,
    subject: "subject" One,
});

crate::round_trips::answered! {
    error: Error,
    paging: Paging,
    product: Product,
    product_image: ProductImage,
    product_image_list: ProductImageList,
    product_image_meta: ProductImageMeta,
    product_list: ProductList,
    store: Store,
    store_list: StoreList,
    violation: Violation,
}
