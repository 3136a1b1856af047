//! How a store behaves is told by `tests/suite`: the same cases over SQLite and over a PostgreSQL server of the suite's own.
