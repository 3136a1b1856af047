//! What the libraries really send, taken from the wire, and what comes back.

use std::sync::Arc;

use polyptych::domain::{AlbumId, Content, Format, ImageLibrary, PageRequest, Upload};
use polyptych_conformance::reference;
use polyptych_conformance::schema::Schema;
use polyptych_conformance::tap::{Exchange, Tap};
use polyptych_emulator::Settings;
use roxmltree::Document;

const PICTURE: &[u8] = include_bytes!("../../../../crates/polyptych/pictures/landscape.jpg");

/// Uploads, lists, reads and deletes through one library, and returns what passed.
async fn exchanges(library: &str) -> Vec<Exchange> {
    let tap = Tap::start(Settings::default()).await.unwrap();
    let config = polyptych::emulated::config(&format!("http://{}", tap.address));
    let libraries = polyptych::open_libraries(&config).unwrap();
    let library: &Arc<dyn ImageLibrary> = libraries.iter().find(|one| one.id().as_str() == library).unwrap();
    let album = AlbumId::new("self").unwrap();
    let upload = Upload {
        name: "«ёлка» & <сын>.jpg".to_owned(),
        format: Format::Jpeg,
        class: None,
        content: Content::from_bytes(PICTURE),
        replace: false,
    };
    let image = library.upload(&album, &[upload]).await.unwrap().pop().unwrap().unwrap().image;
    let page = library.list(&album, &PageRequest { size: 100, after: None }).await.unwrap();
    assert_eq!(page.items[0].name.as_deref(), Some("«ёлка» & <сын>.jpg"));
    library.get(&album, &image.id).await.unwrap();
    library.delete(&album, std::slice::from_ref(&image.id)).await.unwrap().pop().unwrap().unwrap();
    // The error that comes back is an item's error or a fault, and must be as valid as the rest.
    assert!(library.get(&album, &image.id).await.is_err());
    tap.seen()
}

#[tokio::test]
async fn v5_soap_bodies_are_valid_under_the_published_schema_in_both_directions() {
    let Some(reference) = reference::folder() else { return };
    let folder = reference.join("yandex-direct-v5/wsdl");
    let general = folder.join("general.xsd");
    for wsdl in ["adimages.v5.wsdl", "adimages.v501.wsdl"] {
        let Some(schema) = Schema::of_wsdl(&folder.join(wsdl), &general).unwrap() else { return };
        let seen = exchanges("yandex-v5-soap").await;
        let actions: Vec<_> = seen
            .iter()
            .map(|one| {
                one.headers["soapaction"].to_str().unwrap().trim_matches('"').rsplit('/').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(actions, ["add", "get", "get", "delete", "get"]);
        for exchange in &seen {
            schema.validate(exchange.request_text()).unwrap();
            schema.validate(exchange.response_text()).unwrap();
        }
    }
}

#[tokio::test]
async fn the_validator_refuses_a_body_out_of_order() {
    let Some(reference) = reference::folder() else { return };
    let folder = reference.join("yandex-direct-v5/wsdl");
    let Some(schema) = Schema::of_wsdl(&folder.join("adimages.v5.wsdl"), &folder.join("general.xsd")).unwrap() else {
        return;
    };
    let request = exchanges("yandex-v5-soap").await.remove(1);
    let field = "<FieldNames>AdImageHash</FieldNames>";
    let (page, _) = request.request_text().split_once("<Page>").unwrap();
    let moved = request.request_text().replace(field, "").replacen("<Page>", &format!("{field}<Page>"), 1);
    assert!(moved.starts_with(page));
    assert!(schema.validate(&moved).is_err());
}

#[tokio::test]
async fn live_4_soap_requests_are_rpc_encoded_as_the_recorded_ones() {
    let seen = exchanges("yandex-live4-soap").await;
    assert_eq!(seen.len(), 5);
    for exchange in &seen {
        assert_eq!(exchange.headers["content-type"], "text/xml; charset=utf-8");
        assert_eq!(exchange.headers["soapaction"].to_str().unwrap().trim_matches('"'), "API#AdImage");
        assert!(exchange.headers.get("authorization").is_none(), "the token of v4 Live travels in the SOAP header");
        let document = Document::parse(exchange.request_text()).unwrap();
        let envelope = document.root_element();
        let soap = "http://schemas.xmlsoap.org/soap/envelope/";
        assert!(envelope.has_tag_name((soap, "Envelope")));
        assert_eq!(envelope.attribute((soap, "encodingStyle")), Some("http://schemas.xmlsoap.org/soap/encoding/"));
        let header =
            |name| document.descendants().find(|node| node.has_tag_name(("API", name))).and_then(|node| node.text());
        assert_eq!(header("token"), Some("emulated-yandex-live4-soap"));
        assert_eq!(header("locale"), Some("en"));
        let method = document.descendants().find(|node| node.has_tag_name(("API", "AdImage"))).unwrap();
        let params = method.first_element_child().unwrap();
        assert_eq!((params.tag_name().namespace(), params.tag_name().name()), (None, "params"));
        let xsi = "http://www.w3.org/2001/XMLSchema-instance";
        for node in params.descendants().filter(roxmltree::Node::is_element) {
            let declared =
                node.attribute((xsi, "type")).unwrap_or_else(|| panic!("no xsi:type on {:?}", node.tag_name()));
            let prefix = declared.split_once(':').unwrap().0;
            assert!(node.lookup_namespace_uri(Some(prefix)).is_some(), "undeclared prefix in {declared}");
        }
        let encoding = "http://schemas.xmlsoap.org/soap/encoding/";
        for array in params.descendants().filter(|node| node.attribute((encoding, "arrayType")).is_some()) {
            let count = array.children().filter(|child| child.has_tag_name("item")).count();
            assert!(array.attribute((encoding, "arrayType")).unwrap().ends_with(&format!("[{count}]")));
        }
    }
    let upload = Document::parse(seen[0].request_text()).unwrap();
    let raw = upload.descendants().find(|node| node.has_tag_name("RawData")).unwrap();
    assert_eq!(raw.text().unwrap().len(), PICTURE.len().div_ceil(3) * 4);
}

#[tokio::test]
async fn every_upload_announces_its_exact_length_and_is_not_chunked() {
    for library in ["yandex-v5", "yandex-v5-soap", "yandex-live4", "yandex-live4-soap"] {
        let seen = exchanges(library).await;
        let upload = &seen[0];
        assert_eq!(upload.headers["content-length"], upload.request.len().to_string(), "{library}");
        assert!(!upload.headers.contains_key("transfer-encoding"), "{library}");
    }
}
