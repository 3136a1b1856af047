//! A database that goes away and comes back.

use polyptych_domain::ErrorKind;
use polyptych_postgres::Postgres;

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
