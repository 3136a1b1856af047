//! A database that goes away and comes back, or says nothing any more.

use std::path::Path;
use std::time::{Duration, Instant};

use polyptych_domain::ErrorKind;
use polyptych_postgres::Postgres;
use polyptych_store::Store;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::world::{HELD, World, deletion, taken};

pub(crate) async fn a_server_that_comes_back_is_used_again() {
    let Some(Postgres::Own(server)) = Postgres::find("an outage of PostgreSQL").unwrap() else { return };
    let world = World::at(server.url("postgres"));
    let store = world.process().await;
    let (lease, _) = taken(&store, 2).await;
    server.stop();
    for _ in 0..4 {
        assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap_err().kind(), ErrorKind::Internal);
        assert_eq!(store.tick().await.unwrap_err().kind(), ErrorKind::Internal);
    }
    server.resume().unwrap();
    store.tick().await.unwrap();
    assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    assert_eq!(store.operations().items(&lease.operation, 0, 10).await.unwrap().len(), 1);
    store.operations().submit(deletion("anna", 1)).await.unwrap();
}

/// Passes bytes on in both directions until it is told to be silent; then it keeps connections open and says nothing.
async fn relay(listener: UnixListener, server: std::path::PathBuf, silent: watch::Receiver<bool>) {
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let (server, mut silent) = (server.clone(), silent.clone());
        tokio::spawn(async move {
            let mut server = UnixStream::connect(server).await.unwrap();
            let fallen_silent = async { silent.wait_for(|silent| *silent).await.map(drop) };
            let over = tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut client, &mut server) => true,
                _ = fallen_silent => false,
            };
            if !over {
                std::future::pending::<()>().await;
            }
        });
    }
}

pub(crate) async fn a_server_that_falls_silent_is_not_waited_for() {
    let Some(Postgres::Own(server)) = Postgres::find("a silent PostgreSQL").unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join(".s.PGSQL.5432");
    let (be_silent, silent) = watch::channel(false);
    let direct = server.url("postgres");
    let (_, rest) = direct.split_once("host=").unwrap();
    let server_socket = Path::new(rest.split('&').next().unwrap()).join(".s.PGSQL.5432");
    let relaying = tokio::spawn(relay(UnixListener::bind(socket).unwrap(), server_socket, silent));
    let world = World::at(format!("postgres://postgres@localhost/postgres?host={}", folder.path().display()));
    let patience = Duration::from_millis(700);
    let store = Store::open(&world.config().without_background().with_patience(patience)).await.unwrap();
    let (lease, _) = taken(&store, 1).await;
    be_silent.send(true).unwrap();
    for _ in 0..4 {
        let asked = Instant::now();
        assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap_err().kind(), ErrorKind::Internal);
        assert!(asked.elapsed() < patience * 3, "{:?}", asked.elapsed());
    }
    assert_eq!(store.tick().await.unwrap_err().kind(), ErrorKind::Internal);
    be_silent.send(false).unwrap();
    let asked = Instant::now();
    while store.operations().begin(&lease, &[0]).await.is_err() {
        assert!(asked.elapsed() < patience * 10, "it does not recover");
    }
    store.tick().await.unwrap();
    relaying.abort();
}
