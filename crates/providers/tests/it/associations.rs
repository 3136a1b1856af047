//! What shows an image: as v4 Live tells and changes it, and as v5 and Facebook tell it.

use polyptych_domain::{
    AdId, Applied, Association, AssociationChange, AssociationFilter, ErrorKind, ImageLibrary, Moderation,
};
use polyptych_providers::{Evotor, Facebook, Form, YandexEncoding, YandexLive4, YandexV5, YandexV5Version};
use polyptych_transport::Auth;
use serde_json::json;

use crate::reference::recorded;
use crate::server::{Reply, Server, album, image, page};

fn live4(server: &Server) -> YandexLive4 {
    YandexLive4::new(server.settings(Auth::InBody), YandexEncoding::Json, "en").unwrap()
}

fn v5(server: &Server) -> YandexV5 {
    YandexV5::new(server.settings(Auth::Bearer), YandexEncoding::Json, YandexV5Version::V5).unwrap()
}

fn facebook(server: &Server) -> Facebook {
    Facebook::new(server.settings(Auth::Bearer), Form::Bytes, None).unwrap()
}

fn ad(id: &str) -> AdId {
    AdId::new(id).unwrap()
}

fn change(id: &str, shown: Option<&str>) -> AssociationChange {
    AssociationChange { ad: ad(id), image: shown.map(image) }
}

fn filter(images: &[&str], ads: &[&str]) -> AssociationFilter {
    AssociationFilter {
        images: images.iter().map(|id| image(id)).collect(),
        ads: ads.iter().map(|id| ad(id)).collect(),
    }
}

#[tokio::test]
async fn live4_lists_ads_with_what_moderation_says() {
    let rows = json!({ "data": { "TotalObjectsCount": "9", "AdImageAssociations": [
        { "AdID": 451_154_649_000_i64, "AdImageHash": "h", "Login": "shop", "CampaignID": 9, "StatusAdImageModerate": "No",
          "ModerateRejectionReasons": [{ "Type": "image", "Text": "blurred" }] },
        { "AdID": 2, "AdImageHash": "g", "StatusAdImageModerate": "Ready", "ModerateRejectionReasons": [] },
        { "AdID": 3, "AdImageHash": null },
    ] } });
    let server = Server::new([Reply::ok(rows.to_string())]).await;
    let filter = filter(&["h", "g"], &["2", "451154649000"]);
    let listed = live4(&server).associations(&album("shop"), &filter, &page(3, Some("5"))).await.unwrap();
    let expected = [
        Association {
            image: image("h"),
            ad: Some(ad("451154649000")),
            campaign: Some("9".to_owned()),
            moderation: Some(Moderation::Rejected),
            rejections: vec!["blurred".to_owned()],
        },
        Association {
            ad: Some(ad("2")),
            moderation: Some(Moderation::Other("Ready".to_owned())),
            ..Association::new(image("g"))
        },
    ];
    assert_eq!((listed.items.as_slice(), listed.next.as_deref()), (&expected[..], Some("8")));
    let asked = server.only().json();
    assert_eq!(asked["method"], "AdImageAssociation");
    let criteria = json!({ "Logins": ["shop"], "AdImageHashes": ["h", "g"], "AdIDS": [2, 451_154_649_000_i64],
                           "Limit": 3, "Offset": 5 });
    assert_eq!(asked["param"], json!({ "Action": "Get", "SelectionCriteria": criteria }));
}

#[tokio::test]
async fn the_recorded_empty_list_of_live4_is_the_last_page() {
    let Some(reply) = recorded("yandex-direct-live4/json-recorded/AdImageAssociation.Get.empty.json") else { return };
    let server = Server::new([reply]).await;
    let listed = live4(&server).associations(&album("self"), &AssociationFilter::default(), &page(10, None)).await;
    let listed = listed.unwrap();
    assert!(listed.items.is_empty() && listed.next.is_none());
}

#[tokio::test]
async fn live4_changes_in_one_call_what_can_be_sent_and_tells_each_outcome() {
    let refused = |code: i32| json!({ "AdID": 4, "Errors": [{ "FaultCode": code, "FaultString": "no" }] });
    for (code, kind) in [
        (271, ErrorKind::ImageNotFound),
        (54, ErrorKind::PermissionDenied),
        (156, ErrorKind::ProviderRefused),
        (71, ErrorKind::ProviderRefused),
    ] {
        let results = json!({ "data": { "ActionsResult": [{ "AdID": 1 }, { "AdID": 3 }, refused(code)] } });
        let server = Server::new([Reply::ok(results.to_string())]).await;
        let changes = [
            change("1", Some("h")),
            change("2", Some("h")),
            change("3", None),
            change("2", None),
            change("99999999999999999999", Some("h")),
            change("4", Some("g")),
        ];
        let outcomes = live4(&server).set_associations(&album("self"), &changes).await.unwrap();
        let kinds: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.kind())).collect();
        let invalid = Some(ErrorKind::InvalidArgument);
        assert_eq!(kinds, [None, invalid, None, invalid, invalid, Some(kind)], "{code}");
        assert!(outcomes.iter().flat_map(|outcome| outcome.as_ref().err()).all(|error| error.applied() == Applied::No));
        let sent = json!([{ "AdID": 1, "AdImageHash": "h" }, { "AdID": 3 }, { "AdID": 4, "AdImageHash": "g" }]);
        assert_eq!(server.only().json()["param"], json!({ "Action": "Set", "AdImageAssociations": sent }));
    }
}

#[tokio::test]
async fn nothing_is_sent_for_changes_of_which_none_can_be() {
    let server = Server::new([]).await;
    let library = live4(&server);
    let outcomes = library.set_associations(&album("self"), &[change("1", None), change("1", None)]).await.unwrap();
    assert!(outcomes.iter().all(Result::is_err) && outcomes.len() == 2);
    assert_eq!(library.set_associations(&album("self"), &[]).await.unwrap().len(), 0);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn results_that_fit_no_change_leave_open_what_was_done() {
    for results in [r#"[{"AdID":1}]"#, r#"[{"AdID":2},{"AdID":1}]"#] {
        let server = Server::new([Reply::ok(format!(r#"{{"data":{{"ActionsResult":{results}}}}}"#))]).await;
        let changes = [change("1", Some("h")), change("2", None)];
        let error = live4(&server).set_associations(&album("self"), &changes).await.unwrap_err();
        assert_eq!((error.kind(), error.applied()), (ErrorKind::AnswerUnreadable, Applied::Unknown), "{results}");
    }
}

#[tokio::test]
async fn v5_tells_images_that_are_shown_and_not_by_what() {
    let rows = json!({ "result": { "AdImages": [{ "AdImageHash": "h", "Associated": "YES" }], "LimitedBy": 1 } });
    let server = Server::new([Reply::ok(rows.to_string())]).await;
    let library = v5(&server);
    let listed = library.associations(&album("self"), &filter(&["h", "g"], &[]), &page(1, None)).await.unwrap();
    assert_eq!((listed.items, listed.next.as_deref()), (vec![Association::new(image("h"))], Some("1")));
    let criteria = &server.only().json()["params"]["SelectionCriteria"];
    assert_eq!(*criteria, json!({ "AdImageHashes": ["h", "g"], "Associated": "YES" }));

    let error = library.associations(&album("self"), &filter(&[], &["1"]), &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = library.set_associations(&album("self"), &[change("1", None)]).await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (ErrorKind::Unsupported, 1));
}

#[tokio::test]
async fn the_creatives_of_a_page_of_images_are_told_in_pages_of_the_size_asked_for() {
    let rows = json!({
        "data": [
            { "hash": "a", "creatives": ["1", "2", "3"] },
            { "hash": "b", "creatives": [] },
            { "hash": "c", "is_associated_creatives_in_adgroups": true },
            { "hash": "d", "creatives": ["4"], "status": "DELETED" },
        ],
        "paging": { "cursors": { "before": "x", "after": "y~z" }, "next": "https://graph.facebook.com/next" },
    });
    let last = json!({ "data": [{ "hash": "e", "creatives": ["5"] }], "paging": { "cursors": { "after": "y~z2" } } });
    let server = Server::new([rows.to_string(), rows.to_string(), last.to_string()].map(Reply::ok)).await;
    let library = facebook(&server);
    let (mut told, mut after) = (Vec::new(), None);
    loop {
        let request = page(2, after.as_deref());
        let listed = library.associations(&album("act_1"), &AssociationFilter::default(), &request).await.unwrap();
        assert!(listed.items.len() <= 2);
        told.extend(listed.items.into_iter().map(|item| (item.image.to_string(), item.ad.map(|ad| ad.to_string()))));
        match listed.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let expected = [("a", Some("1")), ("a", Some("2")), ("a", Some("3")), ("c", None), ("e", Some("5"))];
    let expected: Vec<_> = expected.iter().map(|(id, ad)| ((*id).to_owned(), ad.map(str::to_owned))).collect();
    assert_eq!(told, expected);
    let lines: Vec<_> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert!(!lines[0].contains("after=") && lines[0] == lines[1], "{lines:?}");
    assert!(lines[2].contains("after=y~z"), "{lines:?}");
}

#[tokio::test]
async fn a_list_that_cannot_be_told_is_refused_before_anything_is_sent() {
    let server = Server::new([]).await;
    let (facebook, everything) = (facebook(&server), AssociationFilter::default());
    for (filter, token, kind) in [
        (filter(&[], &["1"]), None, ErrorKind::Unsupported),
        (everything.clone(), Some("junk"), ErrorKind::InvalidArgument),
        (everything.clone(), Some("-1~x"), ErrorKind::InvalidArgument),
        (filter(&["h"; 51], &[]), None, ErrorKind::InvalidArgument),
    ] {
        let error = facebook.associations(&album("1"), &filter, &page(1, token)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let evotor = Evotor::new(server.settings(Auth::Bearer)).unwrap();
    let error = evotor.associations(&album("s~p"), &everything, &page(1, None)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let error = live4(&server).associations(&album("self"), &everything, &page(1, Some("x"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(server.asked().is_empty());
}
