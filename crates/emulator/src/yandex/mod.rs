//! What the two Yandex Direct APIs share: advertisers, concurrency, points, texts, the rules for pictures and the step
//! that stores one. Protocols are the business of `yandex_v5` and `live4`.

pub(crate) mod account;
pub(crate) mod ads;
pub(crate) mod classes;
pub(crate) mod daily;
pub(crate) mod fetch;
pub(crate) mod gate;
pub(crate) mod points;
pub(crate) mod quota;
pub(crate) mod removal;
pub(crate) mod schema;
pub(crate) mod tasks;
pub(crate) mod texts;
pub(crate) mod upload;
