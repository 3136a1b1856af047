-- Requests that callers may repeat. `answer` is null until the call has ended; then `member` is null, too. One with neither
-- was cut off.
CREATE TABLE requests (
    client TEXT NOT NULL,
    id TEXT NOT NULL,
    digest TEXT NOT NULL,
    begun BIGINT NOT NULL,
    member TEXT REFERENCES members (id) ON DELETE SET NULL,
    answer TEXT,
    PRIMARY KEY (client, id)
);
CREATE INDEX requests_begun ON requests (begun);
CREATE INDEX requests_member ON requests (member) WHERE member IS NOT NULL;

-- Who changed what.
CREATE TABLE audit (
    seq {serial},
    time BIGINT NOT NULL,
    client TEXT NOT NULL,
    verb TEXT NOT NULL,
    library TEXT NOT NULL,
    album TEXT NOT NULL,
    image TEXT,
    operation TEXT,
    failure TEXT,
    request_id TEXT,
    points BIGINT NOT NULL
);
CREATE INDEX audit_client ON audit (client, seq);
CREATE INDEX audit_library ON audit (library, seq);
CREATE INDEX audit_time ON audit (time);

-- Pictures whose bytes lie under the name `place`. A row is made once they do, and removed before they are.
CREATE TABLE blobs (
    sha256 TEXT NOT NULL PRIMARY KEY,
    place TEXT NOT NULL UNIQUE,
    len BIGINT NOT NULL,
    put BIGINT NOT NULL
);
CREATE INDEX blobs_put ON blobs (put);

-- Whose room a picture takes.
CREATE TABLE blob_clients (
    client TEXT NOT NULL PRIMARY KEY
);
CREATE TABLE blob_owners (
    sha256 TEXT NOT NULL REFERENCES blobs (sha256) ON DELETE CASCADE,
    client TEXT NOT NULL REFERENCES blob_clients (client),
    PRIMARY KEY (sha256, client)
);
CREATE INDEX blob_owners_client ON blob_owners (client);

-- The pictures that an operation needs until it has ended.
CREATE TABLE operation_blobs (
    operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (operation, sha256)
);
CREATE INDEX operation_blobs_sha256 ON operation_blobs (sha256);
CREATE INDEX operations_ended ON operations (updated) WHERE phase IN ('succeeded', 'failed', 'cancelled');

-- Places under limits of calls at once, and who waits for one.
CREATE TABLE places (
    limited TEXT NOT NULL,
    number BIGINT NOT NULL,
    member TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    PRIMARY KEY (limited, number)
);
CREATE INDEX places_member ON places (member);
CREATE TABLE place_waits (
    limited TEXT NOT NULL,
    member TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    PRIMARY KEY (limited, member)
);
CREATE INDEX place_waits_member ON place_waits (member);

-- What answers told of quotas, one row per process that was told.
CREATE TABLE quotas (
    account TEXT NOT NULL,
    member TEXT NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    told TEXT NOT NULL,
    PRIMARY KEY (account, member)
);
CREATE INDEX quotas_member ON quotas (member);

-- Work that one process at a time does for all.
CREATE TABLE chores (
    name TEXT NOT NULL PRIMARY KEY,
    member TEXT REFERENCES members (id) ON DELETE SET NULL,
    done BIGINT
);
