//! What shows images, and the limits of accounts.

use polyptych_domain::{AdId, Association, ImageId, Moderation};
use polyptych_proto::v1;
use prost::Message;
use tonic::Code;
use tonic_types::pb;

use crate::support::{Server, blamed, reason};

const ALBUM: &str = "libraries/alpha/albums/self";

fn list(page_size: i32, page_token: &str) -> v1::ListAssociationsRequest {
    v1::ListAssociationsRequest {
        parent: "libraries/alpha".to_owned(),
        page_size,
        page_token: page_token.to_owned(),
        ..Default::default()
    }
}

fn change(advertisement: &str, image: &str) -> v1::AssociationChange {
    v1::AssociationChange { advertisement: advertisement.to_owned(), image: image.to_owned() }
}

fn set(changes: impl Into<Vec<v1::AssociationChange>>) -> v1::SetAssociationsRequest {
    v1::SetAssociationsRequest { parent: ALBUM.to_owned(), changes: changes.into() }
}

#[tokio::test(start_paused = true)]
async fn associations_are_listed_page_by_page_with_what_is_known_of_each() {
    let server = Server::start();
    let image = |id: &str| ImageId::new(id).unwrap();
    let rejected = Association {
        ad: AdId::new("7"),
        campaign: Some("70".to_owned()),
        moderation: Some(Moderation::Rejected),
        rejections: vec!["blurred".to_owned()],
        ..Association::new(image("a/b"))
    };
    let odd = Association { moderation: Some(Moderation::Other("Odd".to_owned())), ..Association::new(image("c")) };
    *server.library.associations.lock().unwrap() = vec![rejected, odd];
    let mut client = server.associations().await;
    let first = client.list_associations(list(1, "")).await.unwrap().into_inner();
    let expected = v1::Association {
        image: format!("{ALBUM}/images/a%2Fb"),
        advertisement: "7".to_owned(),
        campaign: "70".to_owned(),
        moderation: v1::association::Moderation::Rejected.into(),
        moderation_state: String::new(),
        rejections: vec!["blurred".to_owned()],
    };
    assert_eq!(first.associations, [expected]);
    let second = client.list_associations(list(1, &first.next_page_token)).await.unwrap().into_inner();
    let told = &second.associations[0];
    assert_eq!((told.moderation(), &*told.moderation_state), (v1::association::Moderation::Other, "Odd"));
    assert!(told.advertisement.is_empty() && second.next_page_token.is_empty());

    let mut filtered = list(1, "");
    filtered.images = vec![format!("{ALBUM}/images/c")];
    let only = client.list_associations(filtered.clone()).await.unwrap().into_inner();
    assert_eq!((only.associations, &*only.next_page_token), (second.associations, ""));
    filtered.page_token = first.next_page_token;
    let status = client.list_associations(filtered).await.unwrap_err();
    assert_eq!(blamed(&status), ["page_token"], "a token of another filter");
}

#[tokio::test(start_paused = true)]
async fn changes_have_an_outcome_each_and_failures_carry_their_details() {
    let server = Server::start();
    let mut client = server.associations().await;
    let changes =
        [change("1", &format!("{ALBUM}/images/a")), change("2", &format!("{ALBUM}/images/missing")), change("3", "")];
    let outcomes = client.set_associations(set(changes)).await.unwrap().into_inner().outcomes;
    let numbers: Vec<_> = outcomes.iter().map(|outcome| outcome.advertisement.as_str()).collect();
    assert_eq!(numbers, ["1", "2", "3"]);
    assert!(outcomes[0].error.is_none() && outcomes[2].error.is_none());
    let error = outcomes[1].error.as_ref().unwrap();
    assert_eq!(error.code, Code::NotFound as i32);
    let info = pb::ErrorInfo::decode(&*error.details[0].value).unwrap();
    assert_eq!((&*info.reason, &*info.metadata["applied"]), ("IMAGE_NOT_FOUND", "no"));
    assert_eq!(server.library.associations.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn malformed_changes_and_filters_are_refused_before_anything_is_sent() {
    let server = Server::start();
    let mut client = server.associations().await;
    for (request, field) in [
        (set([]), "changes"),
        (set([change("1", ""), change("x", "")]), "changes[1].advertisement"),
        (set([change("1", "libraries/alpha/albums/other/images/a")]), "changes[0].image"),
        (set([change("1", "libraries/beta/albums/self/images/a")]), "changes[0].image"),
        (set(vec![change("1", ""); 1001]), "changes"),
        (v1::SetAssociationsRequest { parent: "libraries/beta".to_owned(), changes: vec![change("1", "")] }, "parent"),
    ] {
        let status = client.set_associations(request).await.unwrap_err();
        assert_eq!((status.code(), blamed(&status)), (Code::InvalidArgument, vec![field.to_owned()]));
    }
    let filter = v1::ListAssociationsRequest { advertisements: vec!["-1".to_owned()], ..list(1, "") };
    assert_eq!(blamed(&client.list_associations(filter).await.unwrap_err()), ["advertisements"]);
    assert_eq!(server.library.calls.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_a_resource_of_its_album() {
    let server = Server::start();
    let mut client = server.libraries().await;
    for name in ["libraries/alpha/quota", "libraries/alpha/albums/self/quota"] {
        let quota = client.get_quota(v1::GetQuotaRequest { name: name.to_owned() }).await.unwrap().into_inner();
        assert_eq!(quota.name, format!("{ALBUM}/quota"));
        let [gauge] = quota.gauges.as_slice() else { panic!("{quota:?}") };
        assert_eq!((&*gauge.display_name, gauge.unit()), ("Room", v1::gauge::Unit::Images));
        assert_eq!((gauge.used, gauge.left, gauge.limit), (Some(2.0), None, Some(1000.0)));
        assert_eq!(gauge.source(), v1::gauge::Source::Asked);
        assert!(gauge.read_time.is_some() && gauge.reset_time.is_none());
    }
    for (name, why) in [
        ("libraries/alpha", "INVALID_ARGUMENT"),
        ("libraries/alpha/albums/self/limits", "INVALID_ARGUMENT"),
        ("libraries/beta/quota", "INVALID_ARGUMENT"),
        ("libraries/nowhere/quota", "LIBRARY_NOT_FOUND"),
    ] {
        let status = client.get_quota(v1::GetQuotaRequest { name: name.to_owned() }).await.unwrap_err();
        assert_eq!(reason(&status), why, "{name}");
    }
}
