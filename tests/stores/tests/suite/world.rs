//! A fresh database, the clock of a case, and what cases talk about.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use polyptych::config::{S3Config, StateConfig, TokenConfig};
use polyptych_domain::{
    AlbumName, Animation, Applied, Budget, Catalogue, Claims, ClientId, Content, ContentKey, DeleteTask, Error,
    ErrorKind, Failure, Fit, ImageId, ImageName, ItemOutcome, Lease, MemoryCatalogue, MemoryClaims, MemoryOperations,
    NewOperation, Operation, OperationId, Operations, PublishTask, Request, Sha256, Standing, TargetRecord, Task,
    UploadPolicy, UploadTerms,
};
use polyptych_postgres::Postgres;
use polyptych_s3::{Keys, S3};
use polyptych_store::{BlobPlace, Clock, ManualClock, Store, StoreConfig};
use sqlx::{AssertSqlSafe, Connection};
use tempfile::TempDir;

/// What nobody else uses: a database, or this process's memory.
pub(crate) struct World {
    /// Goes on when a case says so.
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) url: String,
    memory: Option<Arc<Memory>>,
    pictures: Pictures,
    /// For what a case keeps in files.
    pub(crate) folder: TempDir,
}

/// Where the bytes of pictures are.
#[derive(Clone)]
pub(crate) enum Pictures {
    Folder,
    /// Made with each world.
    Memory(Arc<InMemory>),
    Bucket(Arc<S3>),
}

pub(crate) struct Memory {
    operations: Arc<MemoryOperations>,
    catalogue: Arc<MemoryCatalogue>,
    claims: Arc<MemoryClaims>,
}

/// One of the processes that share it.
pub(crate) enum Process {
    Store(Store),
    Memory(Arc<Memory>),
}

impl Process {
    pub(crate) fn operations(&self) -> Arc<dyn Operations> {
        match self {
            Self::Store(store) => store.operations(),
            Self::Memory(memory) => Arc::clone(&memory.operations) as _,
        }
    }

    pub(crate) fn catalogue(&self) -> Arc<dyn Catalogue> {
        match self {
            Self::Store(store) => store.catalogue(),
            Self::Memory(memory) => Arc::clone(&memory.catalogue) as _,
        }
    }

    pub(crate) fn claims(&self) -> Arc<dyn Claims> {
        match self {
            Self::Store(store) => store.claims(),
            Self::Memory(memory) => Arc::clone(&memory.claims) as _,
        }
    }
}

impl World {
    pub(crate) fn sqlite() -> Self {
        let mut world = Self::at(String::new());
        world.url = format!("sqlite:{}", world.folder.path().join("store.db").display());
        world
    }

    pub(crate) fn postgres(postgres: &Postgres) -> Self {
        Self::at(postgres.database().unwrap())
    }

    /// Where the server refuses what does not fit in with what others do at the same time.
    pub(crate) fn serializable(postgres: &Postgres) -> Self {
        let url = postgres.database().unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        Self::at(format!("{url}{separator}options=-cdefault_transaction_isolation=serializable"))
    }

    pub(crate) fn at(url: String) -> Self {
        let noon: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        Self {
            clock: Arc::new(ManualClock::new(noon)),
            url,
            memory: None,
            pictures: Pictures::Folder,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn memory() -> Self {
        let world = Self::at(String::new());
        let clock = Arc::clone(&world.clock);
        let catalogue = Arc::new(MemoryCatalogue::default());
        let memory = Memory {
            operations: Arc::new(MemoryOperations::new(move || clock.wall())),
            claims: Arc::new(MemoryClaims::new(Arc::clone(&catalogue) as _)),
            catalogue,
        };
        Self { memory: Some(Arc::new(memory)), ..world }
    }

    pub(crate) fn config(&self) -> StoreConfig {
        let pauses = (Duration::from_secs(2), Duration::from_secs(5));
        let clock = Arc::clone(&self.clock);
        StoreConfig::new(&self.url).with_connections(3).with_clock(clock).with_pauses(pauses.0, pauses.1)
    }

    pub(crate) fn with_pictures(self, pictures: &Pictures) -> Self {
        let pictures = match pictures {
            Pictures::Memory(_) => Pictures::Memory(Arc::default()),
            shared => shared.clone(),
        };
        Self { pictures, ..self }
    }

    /// The server that has the bucket for pictures.
    pub(crate) fn s3(&self) -> &S3 {
        let Pictures::Bucket(s3) = &self.pictures else { panic!("pictures are not in a bucket") };
        s3
    }

    /// The place for pictures, which is the same for all processes of this world.
    pub(crate) async fn place(&self) -> BlobPlace {
        match &self.pictures {
            Pictures::Folder => BlobPlace::folder(self.folder.path().join("pictures")).unwrap(),
            Pictures::Memory(objects) => BlobPlace::of(Arc::clone(objects) as Arc<dyn ObjectStore>, 1000),
            Pictures::Bucket(s3) => {
                let prefix = self.folder.path().file_name().unwrap().to_str().unwrap();
                let config = bucket(s3, &format!("s3://{}/{}", s3.bucket(), prefix.trim_matches('.')));
                polyptych::open_place(&config).await.unwrap()
            }
        }
    }

    /// One more process.
    pub(crate) async fn process(&self) -> Process {
        match &self.memory {
            Some(memory) => Process::Memory(Arc::clone(memory)),
            None => Process::Store(self.store().await),
        }
    }

    /// One more process over the database, which is alive as long as it ticks.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.config().without_background()).await.unwrap()
    }

    /// Lets time pass in which only these processes show that they live.
    pub(crate) async fn pass(&self, time: Duration, living: &[&Store]) {
        let step = Duration::from_millis(500);
        for _ in 0..time.as_millis() / step.as_millis() {
            self.clock.advance(step);
            for store in living {
                store.tick().await.unwrap();
            }
        }
    }

    /// Reads a number behind the store's back.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(sql.to_owned());
        match self.url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
            None => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
                sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Whether it is a file of SQLite.
    pub(crate) fn is_file(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    /// Executes SQL behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.url.strip_prefix("sqlite:") {
            Some(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
            }
            None => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.unwrap();
                sql.execute(&mut connection).await.unwrap();
            }
        }
    }
}

/// A bucket of this server, as its owner configures it.
pub(crate) fn bucket(s3: &S3, blobs: &str) -> StateConfig {
    let Keys { access_key, secret_key } = s3.owner().clone();
    let s3 = S3Config {
        endpoint: Some(s3.endpoint().to_owned()),
        region: None,
        access_key: TokenConfig::Fixed(access_key),
        secret_key: TokenConfig::Fixed(secret_key),
        session_token: None,
        path_style: None,
        plain_http: None,
        ca_file: None,
    };
    StateConfig { blobs: Some(blobs.to_owned()), s3: Some(s3), ..StateConfig::default() }
}

pub(crate) fn client(name: &str) -> ClientId {
    ClientId::new(name).unwrap()
}

/// An operation that needs a picture.
pub(crate) fn publication(who: &str, content: &Content) -> NewOperation {
    let terms = UploadTerms {
        fit: Fit::None,
        animation: Animation::default(),
        replace: false,
        policy: UploadPolicy::default(),
    };
    let targets = vec![TargetRecord { album: album("a"), class: None }];
    let task = PublishTask { name: "a.png".to_owned(), sha256: content.sha256(), len: content.len(), targets, terms };
    NewOperation { client: client(who), task: Task::Publish(task), budget: Budget::default(), request: None }
}

/// Longer than any process may be silent.
pub(crate) const LONG: Duration = Duration::from_secs(6);

pub(crate) const HELD: Standing = Standing::Held { cancelling: false };

pub(crate) fn album(name: &str) -> AlbumName {
    format!("libraries/shelf/albums/{name}").parse().unwrap()
}

pub(crate) fn key(name: &str, content: u8) -> ContentKey {
    ContentKey { album: album(name), sha256: Sha256::new([content; 32]) }
}

pub(crate) fn image(id: &str) -> ImageId {
    ImageId::new(id).unwrap()
}

/// An operation with so many items.
pub(crate) fn deletion(client: &str, items: usize) -> NewOperation {
    let name = |place| ImageName { album: album("a"), image: image(&format!("i{place}")) };
    let task = Task::Delete(DeleteTask { images: (0..items).map(name).collect() });
    NewOperation { client: ClientId::new(client).unwrap(), task, budget: Budget::default(), request: None }
}

/// The same, repeatable.
pub(crate) fn requested(client: &str, request: &str, items: usize) -> NewOperation {
    let new = deletion(client, items);
    let digest = Sha256::of(format!("{:?}", new.task).as_bytes());
    NewOperation { request: Some(Request { id: request.to_owned(), digest }), ..new }
}

pub(crate) fn failure(message: &str, applied: Applied) -> Failure {
    Failure::from(&Error::new(ErrorKind::ProviderUnavailable, message).with_applied(applied))
}

pub(crate) fn failed(applied: Applied) -> ItemOutcome {
    ItemOutcome::Failed(Box::new(failure("out of service", applied)))
}

/// Submits and takes an operation.
pub(crate) async fn taken(operations: &dyn Operations, items: usize) -> (Lease, Operation) {
    let submitted = operations.submit(deletion("anna", items)).await.unwrap();
    operations.take(&submitted.id).await.unwrap().unwrap()
}

/// Whether this process gets the operation now.
pub(crate) async fn takes(operations: &dyn Operations, id: &OperationId) -> Option<Lease> {
    operations.take(id).await.unwrap().map(|(lease, _)| lease)
}
