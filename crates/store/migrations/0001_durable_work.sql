-- Processes that are heard of. A row goes when its process is taken for dead, and with it, in the same transaction, all
-- that the process held: columns named `member` become null.
CREATE TABLE members (
    id TEXT NOT NULL PRIMARY KEY,
    label TEXT NOT NULL,
    beat BIGINT NOT NULL,
    since BIGINT NOT NULL
);

-- Which image of an album holds which content.
CREATE TABLE catalogue (
    library TEXT NOT NULL,
    album TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    image TEXT NOT NULL,
    name TEXT,
    class TEXT,
    recorded BIGINT NOT NULL,
    PRIMARY KEY (library, album, sha256)
);
CREATE INDEX catalogue_images ON catalogue (library, album, image);

-- Who uploads a content into an album, and what was about to be sent.
CREATE TABLE claims (
    library TEXT NOT NULL,
    album TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    token BIGINT NOT NULL,
    member TEXT REFERENCES members (id) ON DELETE SET NULL,
    intent_name TEXT,
    intent_class TEXT,
    intent_since BIGINT,
    PRIMARY KEY (library, album, sha256)
);
CREATE INDEX claims_member ON claims (member) WHERE member IS NOT NULL;

-- Long-running operations. One is due if nobody holds it, it has not ended, and its pause (`paused` to `due`) is over.
-- `takes` counts how often it was taken, `tries` how often since an item has last got an outcome.
CREATE TABLE operations (
    seq {serial},
    id TEXT NOT NULL UNIQUE,
    client TEXT NOT NULL,
    request_id TEXT,
    request_digest TEXT,
    kind TEXT NOT NULL,
    task TEXT NOT NULL,
    phase TEXT NOT NULL,
    cancelling BIGINT NOT NULL DEFAULT 0,
    total BIGINT NOT NULL,
    succeeded BIGINT NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    unknown BIGINT NOT NULL DEFAULT 0,
    takes BIGINT NOT NULL DEFAULT 0,
    tries BIGINT NOT NULL DEFAULT 0,
    failure TEXT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    token BIGINT NOT NULL DEFAULT 0,
    member TEXT REFERENCES members (id) ON DELETE SET NULL,
    paused BIGINT NOT NULL,
    due BIGINT NOT NULL,
    UNIQUE (client, request_id)
);
CREATE INDEX operations_client ON operations (client, seq);
CREATE INDEX operations_member ON operations (member) WHERE member IS NOT NULL;
CREATE INDEX operations_due ON operations (seq) WHERE member IS NULL AND phase IN ('pending', 'running');

-- Items that were begun; `outcome` is null until somebody has told.
CREATE TABLE operation_items (
    operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    PRIMARY KEY (operation, place)
);

-- The story of an operation: who tried, and how each try ended. One without an end was cut off.
CREATE TABLE operation_tries (
    operation TEXT NOT NULL REFERENCES operations (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    worker TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT,
    failure TEXT,
    PRIMARY KEY (operation, number)
);
