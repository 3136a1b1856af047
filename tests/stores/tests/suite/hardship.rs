//! A SQLite file that may not grow, and copies of one.

use polyptych_domain::{Applied, Begun, Costs, ErrorKind, Request, Sha256};
use polyptych_store::{BackupError, Store};

use crate::audit::event;
use crate::world::{HELD, World, client, deletion, failed, taken};

pub(crate) async fn a_full_file_loses_nothing_and_takes_more_once_there_is_room(world: World) {
    let config = world.config().without_background().with_most_bytes(512 * 1024);
    let store = Store::open(&config).await.unwrap();
    let (lease, _) = taken(&*store.operations(), 3).await;
    assert_eq!(store.operations().begin(&lease, &[0, 1]).await.unwrap(), HELD);
    let mut kept = Vec::new();
    let full = loop {
        assert!(kept.len() < 1000, "it never gets full");
        match store.operations().submit(deletion("anna", 500)).await {
            Ok(submitted) => kept.push(submitted.id),
            Err(error) => break error,
        }
        // Some end while there is room for that.
        if let [.., latest] = kept.as_slice()
            && kept.len() <= 5
        {
            store.operations().cancel(latest).await.unwrap();
        }
    };
    assert_eq!((full.kind(), full.applied()), (ErrorKind::QuotaExhausted, Applied::No));
    assert!(full.retry_after().is_some());
    // What was promised is there, and what fails leaves nothing behind.
    for id in &kept {
        store.operations().get(id).await.unwrap();
    }
    assert_eq!(store.operations().items(&lease.operation, 0, 10).await.unwrap().len(), 2);
    let outcomes: Vec<_> = (0..3000).map(|place| (place, failed(Applied::No))).collect();
    assert_eq!(
        store.operations().settle(&lease, &outcomes, &Costs::new()).await.unwrap_err().kind(),
        ErrorKind::Internal
    );
    assert_eq!(store.operations().get(&lease.operation).await.unwrap().progress.failed, 0);
    for id in &kept[..5] {
        store.operations().remove(id).await.unwrap();
    }
    let request = Request { id: "r".to_owned(), digest: Sha256::of(b"r") };
    assert_eq!(store.requests().begin(&client("anna"), &request).await.unwrap(), Begun::Fresh);
    assert_eq!(store.operations().settle(&lease, &outcomes[..3], &Costs::new()).await.unwrap(), HELD);
    assert_eq!(store.operations().get(&lease.operation).await.unwrap().progress.failed, 3);
}

/// Of some transactions SQLite undoes all by itself where there is no room: those that write one row, and any as it commits.
pub(crate) async fn what_a_full_file_has_undone_keeps_nobody_from_writing(world: World) {
    let config = world.config().without_background().with_most_bytes(512 * 1024);
    let store = Store::open(&config).await.unwrap();
    let (lease, _) = taken(&*store.operations(), 1).await;
    let mut recorded = 0;
    while store.audit().record(&[event("anna", recorded)]).await.is_ok() {
        recorded += 1;
        assert!(recorded < 100_000, "it never gets full");
    }
    world.execute("DELETE FROM audit").await;
    store.audit().record(&[event("anna", 0)]).await.unwrap();
    assert_eq!(store.operations().begin(&lease, &[0]).await.unwrap(), HELD);
    store.tick().await.unwrap();
}

pub(crate) async fn a_copy_is_the_database_of_one_moment(world: World) {
    let store = world.store().await;
    let file = world.folder.path().join("copy.db");
    let writing = {
        let operations = store.operations();
        tokio::spawn(async move {
            loop {
                operations.submit(deletion("anna", 50)).await.unwrap();
            }
        })
    };
    let first = store.operations().submit(deletion("bert", 1)).await.unwrap();
    polyptych_store::backup(&world.url, &file).await.unwrap();
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions()) & 0o777, 0o600);
    let refused = polyptych_store::backup(&world.url, &file).await.unwrap_err();
    assert!(matches!(refused, BackupError::There(_)), "{refused}");
    writing.abort();
    let copy = World::at(format!("sqlite:{}", file.display()));
    let copy = copy.store().await;
    assert_eq!(copy.operations().get(&first.id).await.unwrap().task, first.task);
    assert!(!world.folder.path().join("copy.db.part").exists());
    let missing = format!("sqlite:{}", world.folder.path().join("none.db").display());
    assert!(polyptych_store::backup(&missing, &world.folder.path().join("x.db")).await.is_err());
    let (before, after) = polyptych_store::migrate(&world.url).await.unwrap();
    assert!(before == after && after > 0, "it is up to date");
}
