//! Requests against the documented ones.

use polyptych_wire::multipart::FilePart;
use polyptych_wire::{Blob, Effect};
use polyptych_wire_evotor::{
    DeleteProductImage, GetProduct, GetProductImage, ListProductImages, ListProducts, ListStores, UploadProductImage,
};

use crate::support::{sample, sent};

const STORE: &str = "20180413-2595-40E8-80CB-4646C05D81B6";
const PRODUCT: &str = "5e46f8de-ec4f-4f87-85de-337b88fa2bdd";

fn upload() -> UploadProductImage {
    let content = Blob::from_bytes(&b"\x89PNG"[..]);
    let part = FilePart { file_name: "000.png".to_owned(), media_type: "image/png".to_owned(), content };
    UploadProductImage::new(STORE, PRODUCT, part)
}

#[test]
fn an_upload_is_the_documented_curl_call() {
    let request = upload().request("BOUNDARY").unwrap();
    assert_eq!((request.method.as_str(), request.effect), ("POST", Effect::Write));
    assert_eq!(request.headers["content-type"], "multipart/form-data; boundary=BOUNDARY");
    assert_eq!(request.headers["accept"], "application/vnd.evotor.v2+json");
    let head = "--BOUNDARY\r\nContent-Disposition: form-data; name=\"datafile\"; filename=\"000.png\"\r\n\
                Content-Type: image/png\r\n\r\n";
    assert_eq!(sent(&request), [head.as_bytes(), b"\x89PNG\r\n--BOUNDARY--\r\n"].concat());
    let Some(curl) = sample("post_image.curl.txt") else { return };
    let url = curl.split('"').nth(1).unwrap();
    assert_eq!(format!("https://api.evotor.ru{}", request.path), url);
    assert!(curl.contains("-X POST") && curl.contains("-F datafile=@000.png"));
}

#[test]
fn reads_and_deletes_have_the_documented_paths_and_no_body() {
    let images = format!("/stores/{STORE}/products/{PRODUCT}/images");
    let requests = [
        (ListProductImages::new(STORE, PRODUCT).request(), "GET", images.clone(), Effect::Safe),
        (GetProductImage::new(STORE, PRODUCT, "i").request(), "GET", format!("{images}/i"), Effect::Safe),
        (DeleteProductImage::new(STORE, PRODUCT, "i").request(), "DELETE", format!("{images}/i"), Effect::Idempotent),
    ];
    for (request, method, path, effect) in requests {
        assert_eq!((request.method.as_str(), &request.path, request.effect), (method, &path, effect));
        assert_eq!(request.headers["accept"], "application/vnd.evotor.v2+json");
        assert_eq!(sent(&request), b"");
    }
}

#[test]
fn stores_and_products_are_asked_for_page_by_page() {
    let products = format!("/stores/{STORE}/products");
    let requests = [
        (ListStores::default().request(), "/stores".to_owned()),
        (ListStores::default().with_cursor("a+/=").request(), "/stores?cursor=a%2B%2F%3D".to_owned()),
        (ListProducts::new(STORE).request(), products.clone()),
        (ListProducts::new(STORE).with_since(1_536_067_861_104).request(), format!("{products}?since=1536067861104")),
        (ListProducts::new(STORE).with_cursor("c").request(), format!("{products}?cursor=c")),
        (GetProduct::new(STORE, PRODUCT).request(), format!("{products}/{PRODUCT}")),
    ];
    for (request, path) in requests {
        assert_eq!((request.method.as_str(), &request.path, request.effect), ("GET", &path, Effect::Safe));
        assert_eq!(request.headers["accept"], "application/vnd.evotor.v2+json");
        assert_eq!(sent(&request), b"");
    }
}

#[test]
fn an_id_cannot_leave_its_place_in_the_path() {
    let request = GetProductImage::new("s/../x", "p?q", "i#f").request();
    assert_eq!(request.path, "/stores/s%2F..%2Fx/products/p%3Fq/images/i%23f");
}
