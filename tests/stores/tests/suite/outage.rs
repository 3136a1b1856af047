//! A database that goes away and comes back, or says nothing any more.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use polyptych_domain::{Begun, Claimed, ErrorKind, Request, Sha256};
use polyptych_postgres::{Postgres, Server};
use polyptych_store::{Store, SystemClock};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::audit::event;
use crate::world::{HELD, World, client, deletion, key, taken};

/// Patience for what comes sooner or later.
const PATIENCE: Duration = Duration::from_secs(30);

/// The server's socket in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

pub(crate) async fn a_server_that_comes_back_is_used_again() {
    let Some(Postgres::Own(server)) = Postgres::find("an outage of PostgreSQL").unwrap() else { return };
    let world = World::at(server.url("postgres"));
    let store = world.store().await;
    let (lease, _) = taken(&*store.operations(), 2).await;
    let request = Request { id: "r".to_owned(), digest: Sha256::of(b"r") };
    assert_eq!(store.requests().begin(&client("anna"), &request).await.unwrap(), Begun::Fresh);
    let broken_off = Request { id: "t".to_owned(), ..request.clone() };
    assert_eq!(store.requests().begin(&client("anna"), &broken_off).await.unwrap(), Begun::Fresh);
    let place = store.places().acquire("login", 1).await.unwrap();
    let Claimed::Ours(claim) = store.claims().claim(&key("a", 1)).await.unwrap() else { panic!("it is free") };
    assert!(store.claims().sending(&claim, "a.png", None).await.unwrap());
    server.stop();
    // Who cannot end an upload or a request leaves it.
    assert!(store.claims().settle(&claim, None).await.is_err());
    store.claims().abandon(&claim);
    assert!(store.requests().abandon(&client("anna"), "t").await.is_err());
    // What was done cannot be written: a repetition in this process gets its answer all the same.
    assert!(store.requests().finish(&client("anna"), "r", b"done").await.is_err());
    assert_eq!(store.requests().begin(&client("anna"), &request).await.unwrap(), Begun::Done(b"done".to_vec()));
    let unheard = Request { id: "s".to_owned(), ..request.clone() };
    assert!(store.requests().begin(&client("anna"), &unheard).await.is_err());
    assert!(store.places().acquire("other", 1).await.is_err());
    assert!(store.audit().record(&[event("anna", 1)]).await.is_err());
    drop(place);
    for _ in 0..4 {
        assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(store.tick().await.unwrap_err().kind(), ErrorKind::Internal);
    }
    server.resume().unwrap();
    store.tick().await.unwrap();
    // The process lives, and others need not wait for it.
    let other = world.store().await;
    assert_eq!(other.requests().begin(&client("anna"), &request).await.unwrap(), Begun::Done(b"done".to_vec()));
    assert_eq!(other.requests().begin(&client("anna"), &broken_off).await.unwrap(), Begun::Fresh);
    let Claimed::Ours(next) = other.claims().claim(&key("a", 1)).await.unwrap() else { panic!("it was left") };
    assert_eq!(next.earlier.unwrap().name, "a.png");
    assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    assert_eq!(store.operations().items(&lease.operation, 0, 10).await.unwrap().len(), 1);
    store.operations().submit(deletion("anna", 1)).await.unwrap();
    // Nobody has restarted anything.
    assert_eq!(store.requests().begin(&client("anna"), &request).await.unwrap(), Begun::Done(b"done".to_vec()));
    assert_eq!(store.requests().begin(&client("anna"), &unheard).await.unwrap(), Begun::Fresh);
    drop(tokio::time::timeout(PATIENCE, other.places().acquire("login", 1)).await.unwrap().unwrap());
    store.audit().record(&[event("anna", 1)]).await.unwrap();
}

/// The last request that is passed on is one that holds this.
type Last = Arc<Mutex<Option<&'static str>>>;

/// Stands between a process and its server.
struct Relay {
    url: String,
    silent: watch::Sender<bool>,
    last: Last,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Relay {
    /// Passes bytes on in both directions until it is told to be silent, or, where it knows the last request, until it has
    /// passed that on. Then it keeps connections open and says nothing.
    fn before(server: &Server, last: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let direct = server.url("postgres");
        let (_, host) = direct.split_once("host=").unwrap();
        let socket = Path::new(host.split('&').next().unwrap()).join(SOCKET);
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let silent = watch::Sender::new(false);
        let last = Arc::new(Mutex::new(last));
        let (told, ends) = (silent.clone(), Arc::clone(&last));
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = UnixStream::connect(&socket).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, told.clone(), Arc::clone(&ends)));
                tokio::spawn(pass(from_server, to_client, told.clone(), Last::default()));
            }
        });
        let url = format!("postgres://postgres@localhost/postgres?host={}", folder.path().display());
        Self { url, silent, last, task, _folder: folder }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, silent: watch::Sender<bool>, last: Last) {
    let mut told = silent.subscribe();
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            () = async { told.wait_for(|silent| *silent).await.map_or((), drop) } => None,
            read = from.read(&mut bytes) => Some(read.unwrap_or(0)),
        };
        let Some(read) = read else { return std::future::pending().await };
        if read == 0 || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
        let holds = |last: &str| bytes[..read].windows(last.len()).any(|window| window == last.as_bytes());
        if last.lock().unwrap().is_some_and(holds) {
            silent.send_replace(true);
        }
    }
}

pub(crate) async fn a_server_that_falls_silent_is_not_waited_for() {
    let Some(Postgres::Own(server)) = Postgres::find("a silent PostgreSQL").unwrap() else { return };
    let relay = Relay::before(&server, None);
    let world = World::at(relay.url.clone());
    let patience = Duration::from_millis(700);
    let store = Store::open(&world.config().without_background().with_patience(patience)).await.unwrap();
    let (lease, _) = taken(&*store.operations(), 1).await;
    relay.silent.send_replace(true);
    for _ in 0..4 {
        let asked = Instant::now();
        assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap_err().kind(), ErrorKind::Internal);
        assert!(asked.elapsed() < patience * 3, "{:?}", asked.elapsed());
    }
    assert_eq!(store.tick().await.unwrap_err().kind(), ErrorKind::Internal);
    relay.silent.send_replace(false);
    let asked = Instant::now();
    // Each has connections of its own to learn that it is back.
    while store.operations().begin(&lease, &[0]).await.is_err() || store.tick().await.is_err() {
        assert!(asked.elapsed() < patience * 10, "it does not recover");
    }
}

pub(crate) async fn what_a_process_locked_that_stopped_in_a_transaction_is_freed() {
    let Some(Postgres::Own(server)) = Postgres::find("a stopped client of PostgreSQL").unwrap() else { return };
    // Asked for after the operation's row was locked.
    let relay = Relay::before(&server, Some("SELECT place, state"));
    let world = World::at(relay.url.clone());
    let direct = World::at(server.url("postgres"));
    let patience = Duration::from_secs(2);
    let stopped = Store::open(&world.config().without_background().with_patience(patience)).await.unwrap();
    let alive = Store::open(&direct.config().with_clock(Arc::new(SystemClock::default()))).await.unwrap();
    let mut due = alive.due();
    let (lease, _) = taken(&*stopped.operations(), 1).await;
    let operations = stopped.operations();
    let held = lease.clone();
    let stuck = tokio::spawn(async move { operations.begin(&held, &[0]).await });
    let found = tokio::time::timeout(Duration::from_secs(8), due.next()).await.unwrap();
    assert_eq!(found, lease.operation);
    assert!(alive.operations().take(&found).await.unwrap().is_some());
    assert!(stuck.await.unwrap().is_err());
}

pub(crate) async fn what_was_taken_without_being_heard_of_is_due_again() {
    let Some(Postgres::Own(server)) = Postgres::find("a commit whose answer is lost").unwrap() else { return };
    let relay = Relay::before(&server, None);
    let world = World::at(relay.url.clone());
    let direct = World::at(server.url("postgres"));
    let patience = Duration::from_millis(700);
    let store = Store::open(&world.config().without_background().with_patience(patience)).await.unwrap();
    let other = direct.store().await;
    let id = other.operations().submit(deletion("anna", 1)).await.unwrap().id;
    *relay.last.lock().unwrap() = Some("COMMIT");
    assert!(store.operations().take(&id).await.is_err());
    assert_eq!(direct.number("SELECT COUNT(*) FROM operations WHERE member IS NOT NULL").await, 1);
    *relay.last.lock().unwrap() = None;
    relay.silent.send_replace(false);
    // The process lives, so that nobody else may take it.
    let mut due = other.due();
    while store.tick().await.is_err() {}
    assert_eq!(tokio::time::timeout(PATIENCE, due.next()).await.unwrap(), id);
    let (_, operation) = store.operations().take(&id).await.unwrap().unwrap();
    assert_eq!(operation.tries, 2);
}
