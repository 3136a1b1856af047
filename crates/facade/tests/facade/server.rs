//! The server as a whole: reflection, health, shutdown, and callers that do not speak our methods.

use std::sync::Arc;
use std::time::Duration;

use polyptych_domain::{ImageLibrary, InlineWorkers, Service};
use polyptych_facade::{Facade, Settings};
use polyptych_proto::v1;
use tokio::net::TcpListener;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::library::MemoryLibrary;
use crate::support::{Server, Wire, origin, reason, settled, work};

async fn reflect(server: &Server, request: MessageRequest) -> MessageResponse {
    let mut client = ServerReflectionClient::with_origin(server.connect().await, origin());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let answer = client.server_reflection_info(tokio_stream::once(request)).await.unwrap();
    answer.into_inner().message().await.unwrap().unwrap().message_response.unwrap()
}

#[tokio::test(start_paused = true)]
async fn reflection_lists_the_services_and_describes_their_methods() {
    let server = Server::start();
    let MessageResponse::ListServicesResponse(list) =
        reflect(&server, MessageRequest::ListServices(String::new())).await
    else {
        panic!("not a list")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "google.longrunning.Operations",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection",
            "polyptych.v1.AssociationService",
            "polyptych.v1.AuditService",
            "polyptych.v1.ImageService",
            "polyptych.v1.LibraryService",
            "polyptych.v1.PublishService"
        ]
    );
    let method = "polyptych.v1.ImageService.UploadImage".to_owned();
    let answer = reflect(&server, MessageRequest::FileContainingSymbol(method)).await;
    let MessageResponse::FileDescriptorResponse(files) = answer else { panic!("{answer:?}") };
    assert!(!files.file_descriptor_proto.is_empty());
}

async fn health(client: &mut HealthClient<Wire>, service: &str) -> Result<ServingStatus, Status> {
    let request = HealthCheckRequest { service: service.to_owned() };
    client.check(request).await.map(|answer| answer.into_inner().status())
}

#[tokio::test(start_paused = true)]
async fn health_tells_that_the_server_and_each_service_serve() {
    let server = Server::start();
    let mut client = HealthClient::with_origin(server.connect().await, origin());
    let services = ["AssociationService", "AuditService", "ImageService", "LibraryService", "PublishService"];
    let services = services.map(|name| format!("polyptych.v1.{name}"));
    for service in services.iter().map(String::as_str).chain(["", "google.longrunning.Operations"]) {
        assert_eq!(health(&mut client, service).await.unwrap(), ServingStatus::Serving, "{service}");
    }
    assert_eq!(health(&mut client, "polyptych.v1.Other").await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_a_call_in_progress_end_and_tells_health() {
    let server = Server::start();
    let library = Arc::clone(&server.library);
    let mut watch = HealthClient::with_origin(server.connect().await, origin());
    let mut watched = watch.watch(HealthCheckRequest { service: String::new() }).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    library.put("a", "b");
    library.hang();
    let mut client = server.images().await;
    let request = v1::GetImageRequest { name: "libraries/alpha/albums/a/images/b".to_owned() };
    let call = tokio::spawn(async move { client.get_image(request).await });
    settled().await;
    let task = server.stop();
    assert_eq!(watched.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    drop((watched, watch));
    settled().await;
    assert!(!task.is_finished());
    library.release();
    assert_eq!(call.await.unwrap().unwrap().into_inner().uid, "b");
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_does_not_wait_for_ever() {
    let server = Server::with(|settings| settings.drain = Duration::from_secs(5));
    server.library.hang();
    let mut client = server.images().await;
    let request = v1::GetImageRequest { name: "libraries/alpha/albums/a/images/b".to_owned() };
    let call = tokio::spawn(async move { client.get_image(request).await });
    settled().await;
    let begun = tokio::time::Instant::now();
    server.stop().await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 5);
    assert!(call.await.unwrap().is_err());
}

/// Calls a method by its path with a message of any type.
async fn call<M: prost::Message + Default + 'static>(server: &Server, path: &'static str, message: M) -> Status {
    let mut client = Grpc::with_origin(server.connect().await, origin());
    client.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<M, v1::Library>::default();
    client.unary(Request::new(message), PathAndQuery::from_static(path), codec).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn failures_that_no_handler_sees_have_a_reason_too() {
    let server = Server::start();
    for path in ["/polyptych.v1.ImageService/Nothing", "/nothing.v1.Nothing/Nothing", "/"] {
        let status = call(&server, path, v1::GetImageRequest::default()).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "UNKNOWN_METHOD"), "{path}");
    }
    let path = "/polyptych.v1.LibraryService/GetLibrary";
    let status = call(&server, path, v1::GetLibraryRequest { name: "x".repeat(100_000) }).await;
    assert_eq!((status.code(), reason(&status).as_str()), (Code::OutOfRange, "MALFORMED_MESSAGE"));
    let status = call(&server, path, v1::Pixels { width: 1, height: 2 }).await;
    assert_eq!(reason(&status), "MALFORMED_MESSAGE");
}

#[tokio::test(start_paused = true)]
async fn a_compressed_message_is_not_called_an_unknown_method() {
    let server = Server::start();
    let mut client = Grpc::with_origin(server.connect().await, origin());
    client.ready().await.unwrap();
    let mut request = Request::new(v1::ListLibrariesRequest::default());
    request.metadata_mut().insert("grpc-encoding", "gzip".parse().unwrap());
    let path = PathAndQuery::from_static("/polyptych.v1.LibraryService/ListLibraries");
    let codec = tonic_prost::ProstCodec::<_, v1::Library>::default();
    let status = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "MALFORMED_MESSAGE"), "{status}");
}

#[tokio::test]
async fn a_tcp_listener_is_served_to_tonics_own_client() {
    let spool = tempfile::TempDir::new().unwrap();
    let settings = Settings { spool_dir: spool.path().to_owned(), ..Settings::default() };
    let libraries: Vec<Arc<dyn ImageLibrary>> = vec![Arc::new(MemoryLibrary::new("alpha", None))];
    let service = Service::new(libraries, Arc::new(InlineWorkers)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let facade = Facade::new(Arc::new(service), work(), settings).unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(facade.serve(listener, async {
        stopped.await.unwrap();
    }));
    let endpoint = format!("http://{address}");
    let mut client = v1::library_service_client::LibraryServiceClient::connect(endpoint).await.unwrap();
    let request = v1::ListLibrariesRequest::default();
    let answer = client.list_libraries(request).await.unwrap().into_inner();
    assert_eq!(answer.libraries.len(), 1);
    drop(client);
    stop.send(()).unwrap();
    task.await.unwrap();
    assert_eq!(std::fs::read_dir(spool.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_spool_folder_that_cannot_be_made_is_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let settings = Settings { spool_dir: file.path().join("spool"), ..Settings::default() };
    let service = Service::new(Vec::new(), Arc::new(InlineWorkers)).unwrap();
    let error = Facade::new(Arc::new(service), work(), settings).unwrap_err();
    assert!(error.to_string().contains(&file.path().display().to_string()), "{error}");
}
