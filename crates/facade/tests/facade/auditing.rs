//! `AuditService`: what the log holds of the caller.

use polyptych_domain::{
    AlbumId, AlbumName, Applied, AuditEvent, AuditLog, ClientId, Error, ErrorKind, Failure, ImageId, LibraryId,
    OperationId, Verb,
};
use polyptych_proto::v1;
use tonic::Code;

use crate::support::{Server, blamed};

fn event(library: &str) -> AuditEvent {
    AuditEvent {
        time: None,
        client: ClientId::local(),
        verb: Verb::Delete,
        album: AlbumName { library: LibraryId::new(library).unwrap(), album: AlbumId::new("a/b").unwrap() },
        image: Some(ImageId::new("x").unwrap()),
        operation: Some(OperationId::new("op-1").unwrap()),
        failure: None,
        request_id: Some("42".to_owned()),
        points: 20,
    }
}

fn list(parent: &str, page_size: i32, page_token: &str) -> v1::ListEventsRequest {
    v1::ListEventsRequest { parent: parent.to_owned(), start_time: None, page_size, page_token: page_token.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_told_with_its_place_its_operation_and_its_failure() {
    let server = Server::start();
    let error = Error::new(ErrorKind::ProviderTimeout, "too slow").with_applied(Applied::Unknown);
    let failed = AuditEvent { failure: Some(Failure::from(&error)), ..event("alpha") };
    server.audit.record(&[failed]).await.unwrap();
    let page = server.events().await.list_events(list("", 0, "")).await.unwrap().into_inner();
    let [told] = page.events.as_slice() else { panic!("{page:?}") };
    let expected = v1::AuditEvent {
        event_time: Some(prost_types::Timestamp::default()),
        client: "local".to_owned(),
        verb: v1::audit_event::Verb::Delete.into(),
        album: "libraries/alpha/albums/a%2Fb".to_owned(),
        image: "libraries/alpha/albums/a%2Fb/images/x".to_owned(),
        operation: "operations/op-1".to_owned(),
        error: told.error.clone(),
        provider_request_id: "42".to_owned(),
        points: 20,
    };
    assert_eq!(*told, expected);
    let error = told.error.as_ref().unwrap();
    assert_eq!((error.code, error.message.as_str()), (Code::Unavailable as i32, "too slow"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_sees_its_own_events_page_by_page_of_the_library_that_it_names() {
    let server = Server::start();
    let strange = AuditEvent { client: ClientId::new("stranger").unwrap(), ..event("alpha") };
    let events = [event("alpha"), event("beta"), event("alpha"), strange, event("alpha")];
    server.audit.record(&events).await.unwrap();
    let mut client = server.events().await;
    assert_eq!(client.list_events(list("", 0, "")).await.unwrap().into_inner().events.len(), 4);
    let first = client.list_events(list("libraries/alpha", 2, "")).await.unwrap().into_inner();
    let token = first.next_page_token;
    let second = client.list_events(list("libraries/alpha", 2, &token)).await.unwrap().into_inner();
    assert_eq!((first.events.len(), second.events.len(), second.next_page_token.as_str()), (2, 1, ""));
    let strayed = client.list_events(list("", 2, &token)).await.unwrap_err();
    assert_eq!(blamed(&strayed), ["page_token"]);
    let malformed = client.list_events(list("alpha", 2, "")).await.unwrap_err();
    assert_eq!(blamed(&malformed), ["parent"]);
    let nanos = Some(prost_types::Timestamp { seconds: 0, nanos: -1 });
    let malformed =
        client.list_events(v1::ListEventsRequest { start_time: nanos, ..list("", 0, "") }).await.unwrap_err();
    assert_eq!(blamed(&malformed), ["start_time"]);
}
