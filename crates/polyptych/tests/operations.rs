//! `docs/operations.md` against a running server: every figure and every span that it names is there, and no other. What the
//! admin port says, and what a new configuration changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use polyptych::config::{AdminSection, RetryConfig, ServerSection};
use polyptych::emulated::{self, Emulation};
use polyptych::proto::longrunning::operations_client::OperationsClient;
use polyptych::proto::longrunning::{WaitOperationRequest, operation};
use polyptych::proto::v1;
use polyptych::{Config, Figures, Server, Surroundings};
use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tracing::span::Attributes;
use tracing::{Id, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use v1::image_service_client::ImageServiceClient;
use v1::library_service_client::LibraryServiceClient;
use v1::publish_service_client::PublishServiceClient;
use v1::upload_image_request::Payload;

const PICTURE: &[u8] = include_bytes!("../pictures/mark.png");

/// One HTTP request; status and body of the answer.
async fn http(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    http(address, "GET", path, "").await
}

/// By name: kind and labels of a figure, level and fields of a span.
type Described = BTreeMap<String, (String, BTreeSet<String>)>;

/// The spans that there were.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Described>>);

impl<S: Subscriber> Layer<S> for Seen {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let metadata = span.metadata();
        if metadata.target().starts_with("polyptych") {
            let fields = metadata.fields().iter().map(|field| field.name().to_owned()).collect();
            let level = metadata.level().to_string().to_lowercase();
            self.0.lock().unwrap().insert(metadata.name().to_owned(), (level, fields));
        }
    }
}

/// The rows of the table below a heading, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let document = std::fs::read_to_string(path).unwrap();
    let section = document.split(&format!("\n{heading}\n")).nth(1).unwrap().split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The words in backticks.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Name, kind and labels of all figures.
fn figures(text: &str) -> Described {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let figure = |(name, kind): (&str, &str)| {
        let series = |line: &&str| {
            let rest = line.strip_prefix(name).unwrap_or_default();
            ["{", " ", "_bucket{", "_sum", "_count"].iter().any(|next| rest.starts_with(next))
        };
        let labels = text.lines().filter(series).flat_map(|line| {
            let inner = line.split_once('{').map_or("", |(_, rest)| rest);
            let names = inner.split("=\"").map(|part| part.rsplit([',', '{', '"']).next().unwrap_or_default());
            let count = inner.matches("=\"").count();
            names.take(count).map(str::to_owned).collect::<Vec<_>>()
        });
        let labels = labels.filter(|label| label != "le").collect();
        (name.to_owned(), (kind.to_owned(), labels))
    };
    kinds.map(figure).collect()
}

fn messages(parent: &str, file: &[u8]) -> Vec<v1::UploadImageRequest> {
    let metadata = v1::UploadImageMetadata {
        parent: parent.to_owned(),
        display_name: "mark.png".to_owned(),
        ..Default::default()
    };
    let chunks = file.chunks(64 << 10).map(|chunk| Payload::Chunk(chunk.to_vec().into()));
    let payloads = std::iter::once(Payload::Metadata(metadata)).chain(chunks);
    payloads.map(|payload| v1::UploadImageRequest { payload: Some(payload) }).collect()
}

fn upload(parent: &str) -> impl futures_util::Stream<Item = v1::UploadImageRequest> + Send + 'static {
    futures_util::stream::iter(messages(parent, PICTURE))
}

/// A PNG that is longer than what is kept in memory.
fn long_picture() -> Vec<u8> {
    let mut state = 1_u32;
    let noise = image::RgbImage::from_fn(450, 450, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = state.to_be_bytes();
        image::Rgb([a, b, c])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

struct Stage {
    emulation: Emulation,
    server: Server,
    channel: Channel,
}

impl Stage {
    async fn start(figures: Figures, server: ServerSection) -> Self {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let emulation = Emulation::start(any, emulated::settings()).await.unwrap();
        let admin = AdminSection { listen: Some(any), exposed: None };
        let server = ServerSection { listen: Some(any), ..server };
        let mut config = emulation.configure(Config { server, admin, ..Config::default() });
        // One that gives up at once, so that there is a retry that does not happen.
        let facebook = config.libraries.get_mut("facebook").unwrap();
        facebook.retry = Some(RetryConfig { tries: Some(1), ..RetryConfig::default() });
        let server = Server::start(config, Surroundings { figures, ..Surroundings::default() }).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", server.address())).unwrap().connect().await.unwrap();
        Self { emulation, server, channel }
    }

    async fn fault(&self, fault: &str) {
        let body = format!("{{\"faults\": [{fault}]}}");
        let (status, answer) = http(self.emulation.address(), "POST", "/_emulator/setup", &body).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn list(&self, library: &str) -> Result<(), tonic::Status> {
        let request = v1::ListImagesRequest { parent: format!("libraries/{library}"), ..Default::default() };
        ImageServiceClient::new(self.channel.clone()).list_images(request).await.map(drop)
    }

    async fn stop(self) {
        drop(self.channel);
        self.server.stop().await.unwrap();
        self.emulation.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_figure_and_every_span_of_the_document_is_seen_and_no_other() {
    let (shown, seen) = (Figures::default(), Seen::default());
    shown.install().unwrap();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(seen.clone())).unwrap();
    let section = ServerSection { calls_at_once_per_client: Some(2), ..ServerSection::default() };
    let stage = Stage::start(shown, section).await;
    let mut images = ImageServiceClient::new(stage.channel.clone());
    let uploaded = images.upload_image(upload("libraries/yandex-v5")).await.unwrap().into_inner();
    assert!(uploaded.image.is_some());
    images.upload_image(futures_util::stream::iter(messages("libraries/facebook", &long_picture()))).await.unwrap();
    stage.fault(r#"{"api": "yandex-v5", "operation": "AdImages.get", "answer": {"error": {"code": 52}}}"#).await;
    stage.list("yandex-v5").await.unwrap();
    stage.fault(r#"{"api": "facebook", "answer": {"status": {"code": 503, "body": ""}}}"#).await;
    stage.list("facebook").await.unwrap_err();
    let missing = LibraryServiceClient::new(stage.channel.clone())
        .get_library(v1::GetLibraryRequest { name: "libraries/none".to_owned() })
        .await;
    assert_eq!(missing.unwrap_err().code(), Code::NotFound);
    let deletion = v1::DeleteImagesRequest { names: vec![uploaded.image.unwrap().name], ..Default::default() };
    let operation = images.delete_images(deletion).await.unwrap().into_inner();
    let wait = WaitOperationRequest { name: operation.name, timeout: None };
    assert!(OperationsClient::new(stage.channel.clone()).wait_operation(wait).await.unwrap().into_inner().done);

    // Two uploads that do not go on are as many calls as a client may have.
    let (held, begun) = tokio::sync::mpsc::unbounded_channel();
    let hanging: Vec<_> = (0..2)
        .map(|_| {
            let (mut images, held) = (images.clone(), held.clone());
            let first = futures_util::stream::iter(messages("libraries/facebook", PICTURE).into_iter().take(1));
            let rest = futures_util::stream::once(async move {
                held.send(()).unwrap();
                std::future::pending().await
            });
            tokio::spawn(
                async move { images.upload_image(futures_util::StreamExt::chain(first, rest)).await.map(drop) },
            )
        })
        .collect();
    drop(held);
    let mut begun = begun;
    for _ in 0..2 {
        begun.recv().await.unwrap();
    }
    // The headers of a call may arrive after its client has gone on.
    while !get(stage.server.admin().unwrap(), "/metrics").await.1.contains("polyptych_rpcs_in_flight 2\n") {
        tokio::task::yield_now().await;
    }
    let refused = stage.list("evotor").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    for call in hanging {
        call.abort();
    }

    let (status, text) = get(stage.server.admin().unwrap(), "/metrics").await;
    assert_eq!(status, 200);
    let told: BTreeMap<_, _> = table("### Metrics")
        .into_iter()
        .map(|row| (words(&row[0]).pop_first().unwrap(), (row[1].clone(), words(&row[2]))))
        .collect();
    assert_eq!(figures(&text), told, "{text}");
    assert!(
        text.contains("polyptych_rpcs_total{method=\"polyptych.v1.LibraryService/GetLibrary\",code=\"NOT_FOUND\"} 1")
    );
    let told: BTreeMap<_, _> = table("### Traces")
        .into_iter()
        .map(|row| (words(&row[0]).pop_first().unwrap(), (row[1].clone(), words(&row[2]))))
        .collect();
    assert_eq!(*seen.0.lock().unwrap(), told);
    stage.stop().await;
}

async fn health(channel: &Channel, service: &str) -> Result<ServingStatus, Code> {
    let request = HealthCheckRequest { service: service.to_owned() };
    let answer = HealthClient::new(channel.clone()).check(request).await;
    answer.map(|answer| answer.into_inner().status()).map_err(|status| status.code())
}

/// Asks until the answer is the one; a test that waits for ever has failed.
async fn health_becomes(channel: &Channel, service: &str, expected: Result<ServingStatus, Code>) {
    while health(channel, service).await != expected {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_whose_provider_is_away_does_not_serve_and_the_others_do() {
    let stage = Stage::start(Figures::default(), ServerSection::default()).await;
    assert_eq!(get(stage.server.admin().unwrap(), "/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(get(stage.server.admin().unwrap(), "/readyz").await, (200, "ready\n".to_owned()));
    health_becomes(&stage.channel, "libraries/facebook", Ok(ServingStatus::Serving)).await;
    stage.fault(r#"{"api": "facebook", "times": 5, "answer": {"status": {"code": 503, "body": ""}}}"#).await;
    for _ in 0..5 {
        stage.list("facebook").await.unwrap_err();
    }
    health_becomes(&stage.channel, "libraries/facebook", Ok(ServingStatus::NotServing)).await;
    assert_eq!(health(&stage.channel, "libraries/evotor").await, Ok(ServingStatus::Serving));
    stage.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_configuration_adds_and_removes_libraries_and_a_broken_one_changes_nothing() {
    let stage = Stage::start(Figures::default(), ServerSection::default()).await;
    let names = async || {
        let mut libraries = LibraryServiceClient::new(stage.channel.clone());
        let listed = libraries.list_libraries(v1::ListLibrariesRequest::default()).await.unwrap().into_inner();
        listed.libraries.into_iter().map(|library| library.name).collect::<Vec<_>>()
    };
    let mut config = stage.emulation.configure(Config::default());
    let evotor = config.libraries.remove("evotor").unwrap();
    config.libraries.insert("till".to_owned(), evotor);
    config.state.workers = Some(1);
    let fixed = stage.server.reload(config.clone()).unwrap();
    assert_eq!(fixed, ["state", "admin", "server.listen"]);
    let now = names().await;
    assert!(now.contains(&"libraries/till".to_owned()) && !now.contains(&"libraries/evotor".to_owned()), "{now:?}");
    stage.list("till").await.unwrap();
    health_becomes(&stage.channel, "libraries/till", Ok(ServingStatus::Serving)).await;
    health_becomes(&stage.channel, "libraries/evotor", Err(Code::NotFound)).await;

    config.libraries.get_mut("till").unwrap().endpoint = Some("http://elsewhere.test".to_owned());
    let error = format!("{:#}", stage.server.reload(config).unwrap_err());
    assert!(error.contains("`till`"), "{error}");
    assert_eq!(names().await, now);

    let mut publications = PublishServiceClient::new(stage.channel.clone());
    let metadata = v1::PublishMetadata {
        display_name: "mark.png".to_owned(),
        targets: vec![v1::PublishTarget { parent: "libraries/till".to_owned(), ..Default::default() }],
        ..Default::default()
    };
    let request = |payload| v1::PublishRequest { payload: Some(payload) };
    let messages = [
        request(v1::publish_request::Payload::Metadata(metadata)),
        request(v1::publish_request::Payload::Chunk(PICTURE.to_vec().into())),
    ];
    let operation = publications.publish(futures_util::stream::iter(messages)).await.unwrap().into_inner();
    let wait = WaitOperationRequest { name: operation.name, timeout: None };
    let ended = OperationsClient::new(stage.channel.clone()).wait_operation(wait).await.unwrap().into_inner();
    let Some(operation::Result::Response(response)) = ended.result else { panic!("{ended:?}") };
    let response = v1::PublishResponse::decode(response.value.as_slice()).unwrap();
    assert!(format!("{response:?}").contains("libraries/till/"), "{response:?}");
    stage.stop().await;
}
