"""The SQL of the migrations in `schema`. What was released is never edited."""

from __future__ import annotations

TABLES = """
CREATE TABLE pictures (
    sha256 TEXT PRIMARY KEY,              -- of the canonical pixels
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    name TEXT NOT NULL,                   -- the file name it first came with
    original_sha256 TEXT NOT NULL,
    bytes INTEGER NOT NULL,               -- of the PNG in blobs/
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE thumbnails (
    picture TEXT PRIMARY KEY REFERENCES pictures(sha256),
    webp BLOB NOT NULL
) STRICT;

CREATE TABLE classes (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,             -- Unicode-normalised, case-folded, single-spaced
    name TEXT NOT NULL                    -- as it was first typed
) STRICT;

CREATE TABLE episodes (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT
) STRICT;

CREATE TABLE episode_classes (
    episode TEXT NOT NULL REFERENCES episodes(id),
    position INTEGER NOT NULL,
    class INTEGER NOT NULL REFERENCES classes(id),
    name TEXT NOT NULL,                   -- as this episode spells it
    descriptions TEXT NOT NULL,           -- JSON list of texts
    PRIMARY KEY (episode, position),
    UNIQUE (episode, class)
) STRICT;

CREATE TABLE episode_items (
    id INTEGER PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes(id),
    role TEXT NOT NULL CHECK (role IN ('support', 'query')),
    position INTEGER,                     -- NULL once the picture was taken out; its labels stay
    picture TEXT NOT NULL REFERENCES pictures(sha256),
    name TEXT NOT NULL,                   -- the file name in this episode
    class INTEGER REFERENCES classes(id), -- of a support picture
    UNIQUE (episode, role, position),
    CHECK ((role = 'support') = (class IS NOT NULL))
) STRICT;
CREATE INDEX episode_items_picture ON episode_items(picture);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes(id),
    position INTEGER,                     -- NULL once a later save left the run out
    digest TEXT NOT NULL,                 -- of everything in the run: saving it again adds nothing
    method TEXT NOT NULL,
    checkpoint TEXT NOT NULL,
    settings TEXT NOT NULL,               -- JSON object
    device TEXT NOT NULL,
    seconds REAL NOT NULL,
    none_below REAL,
    queries INTEGER NOT NULL,
    classes INTEGER NOT NULL,
    pairs BLOB,                           -- float32, little-endian, [queries, support pictures]
    created_at TEXT NOT NULL,
    UNIQUE (episode, digest)
) STRICT;

CREATE TABLE predictions (
    run INTEGER NOT NULL REFERENCES runs(id),
    query INTEGER NOT NULL,               -- row in the run's scores
    option INTEGER NOT NULL,              -- column in the run's scores
    item INTEGER NOT NULL REFERENCES episode_items(id),
    class INTEGER NOT NULL REFERENCES classes(id),
    similarity REAL NOT NULL,
    probability REAL NOT NULL,
    PRIMARY KEY (run, query, option)
) STRICT, WITHOUT ROWID;

CREATE TABLE labels (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES episode_items(id),
    kind TEXT NOT NULL CHECK (kind IN ('class', 'none', 'cleared')),
    class INTEGER REFERENCES classes(id),
    annotator TEXT NOT NULL,
    source TEXT CHECK (source IN ('blind', 'accepted', 'corrected')),
    suggestion INTEGER REFERENCES classes(id),
    seconds REAL NOT NULL,
    supersedes INTEGER UNIQUE REFERENCES labels(id),
    created_at TEXT NOT NULL,
    CHECK ((kind = 'class') = (class IS NOT NULL)),
    CHECK ((kind = 'cleared') = (source IS NULL))
) STRICT;
CREATE INDEX labels_item ON labels(item);

CREATE TRIGGER labels_are_never_changed BEFORE UPDATE ON labels
BEGIN SELECT RAISE(ABORT, 'labels are append-only'); END;
CREATE TRIGGER labels_are_never_deleted BEFORE DELETE ON labels
BEGIN SELECT RAISE(ABORT, 'labels are append-only'); END;

CREATE VIEW current_labels AS
SELECT * FROM labels
WHERE kind <> 'cleared' AND NOT EXISTS (SELECT 1 FROM labels AS later WHERE later.supersedes = labels.id);

CREATE VIEW readable_predictions AS
SELECT runs.episode, runs.method, episode_items.position AS query, episode_items.name AS file_name,
       classes.name AS class, predictions.probability, predictions.similarity
FROM predictions
JOIN runs ON runs.id = predictions.run
JOIN episode_items ON episode_items.id = predictions.item
JOIN classes ON classes.id = predictions.class;

CREATE VIEW readable_labels AS
SELECT episode_items.episode, episode_items.position AS query, episode_items.name AS file_name,
       current_labels.kind, classes.name AS class, current_labels.annotator, current_labels.source,
       current_labels.seconds, current_labels.created_at
FROM current_labels
JOIN episode_items ON episode_items.id = current_labels.item
LEFT JOIN classes ON classes.id = current_labels.class;

CREATE TABLE drafts (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    tab TEXT NOT NULL,                    -- the browser tab that wrote this revision
    data TEXT NOT NULL,                   -- JSON object, owned by the page
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes(id),
    kind TEXT NOT NULL CHECK (kind IN ('created', 'updated', 'deleted', 'restored')),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX events_episode ON events(episode);

CREATE TABLE vectors (
    space TEXT NOT NULL,                  -- what made the vector: backbone, weights, preprocessing
    key TEXT NOT NULL,
    shape TEXT NOT NULL,                  -- JSON list of integers
    data BLOB NOT NULL,                   -- float32, little-endian, C order
    PRIMARY KEY (space, key)
) STRICT;
"""


LABELS_IN_BULK = """
DROP VIEW readable_labels;
DROP VIEW current_labels;
DROP TRIGGER labels_are_never_changed;
DROP TRIGGER labels_are_never_deleted;
DROP INDEX labels_item;
CREATE TABLE labels_again (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES episode_items(id),
    kind TEXT NOT NULL CHECK (kind IN ('class', 'none', 'cleared')),
    class INTEGER REFERENCES classes(id),
    annotator TEXT NOT NULL,
    source TEXT CHECK (source IN ('blind', 'accepted', 'corrected', 'bulk')),
    suggestion INTEGER REFERENCES classes(id),
    seconds REAL NOT NULL,
    supersedes INTEGER UNIQUE REFERENCES labels_again(id),
    created_at TEXT NOT NULL,
    CHECK ((kind = 'class') = (class IS NOT NULL)),
    CHECK ((kind = 'cleared') = (source IS NULL))
) STRICT;
INSERT INTO labels_again SELECT * FROM labels ORDER BY id;
DROP TABLE labels;
ALTER TABLE labels_again RENAME TO labels;
"""
LABELS_IN_BULK += TABLES[TABLES.index("CREATE INDEX labels_item") : TABLES.index("CREATE VIEW readable_predictions")]
LABELS_IN_BULK += TABLES[TABLES.index("CREATE VIEW readable_labels") : TABLES.index("CREATE TABLE drafts")]

BESIDE_DRAFTS = """
CREATE TABLE draft_results (
    draft TEXT PRIMARY KEY REFERENCES drafts(id),
    data TEXT NOT NULL                    -- JSON, owned by the page
) STRICT;

CREATE TABLE draft_steps (
    draft TEXT NOT NULL REFERENCES drafts(id),
    number INTEGER NOT NULL,              -- from 0, the oldest
    data TEXT NOT NULL,                   -- JSON object: what to undo
    PRIMARY KEY (draft, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft_tabs (
    draft TEXT NOT NULL REFERENCES drafts(id),
    tab TEXT NOT NULL,                    -- a browser tab
    number INTEGER NOT NULL,              -- of its last edit that is in the draft
    PRIMARY KEY (draft, tab)
) STRICT, WITHOUT ROWID;

ALTER TABLE drafts DROP COLUMN tab;
"""

ACCOUNTS = """
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never given again
    key TEXT NOT NULL UNIQUE,             -- Unicode-normalised, case-folded, single-spaced
    name TEXT NOT NULL,                   -- which labels carry
    role TEXT NOT NULL CHECK (role IN ('annotator', 'reviewer', 'admin')),
    password TEXT NOT NULL,               -- argon2id
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    token TEXT PRIMARY KEY,               -- SHA-256 of what the browser has
    account INTEGER NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
    created_at TEXT NOT NULL,
    used_at TEXT NOT NULL
) STRICT;

CREATE TABLE picture_owners (
    account INTEGER NOT NULL REFERENCES accounts(id) ON DELETE CASCADE,
    picture TEXT NOT NULL REFERENCES pictures(sha256) ON DELETE CASCADE,
    PRIMARY KEY (account, picture)
) STRICT, WITHOUT ROWID;

ALTER TABLE drafts ADD COLUMN account INTEGER REFERENCES accounts(id) ON DELETE SET NULL;
ALTER TABLE episodes ADD COLUMN account INTEGER REFERENCES accounts(id) ON DELETE SET NULL;
"""

REGIONS = """
CREATE TABLE regions (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES episode_items(id),
    kind TEXT NOT NULL CHECK (kind IN ('marked', 'withdrawn')),
    "left" REAL NOT NULL,                 -- fractions of the picture
    top REAL NOT NULL,
    "right" REAL NOT NULL,
    bottom REAL NOT NULL,
    name TEXT NOT NULL,                   -- what is there; '' on a support picture, whose class says it
    annotator TEXT NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('drawn', 'accepted', 'imported')),
    supersedes INTEGER UNIQUE REFERENCES regions(id),
    created_at TEXT NOT NULL,
    CHECK ("left" >= 0 AND "left" < "right" AND "right" <= 1 AND top >= 0 AND top < bottom AND bottom <= 1),
    CHECK (kind = 'marked' OR supersedes IS NOT NULL)
) STRICT;
CREATE INDEX regions_item ON regions(item);

CREATE TRIGGER regions_are_never_changed BEFORE UPDATE ON regions
BEGIN SELECT RAISE(ABORT, 'regions are append-only'); END;
CREATE TRIGGER regions_are_never_deleted BEFORE DELETE ON regions
BEGIN SELECT RAISE(ABORT, 'regions are append-only'); END;

CREATE VIEW current_regions AS
SELECT * FROM regions
WHERE kind = 'marked' AND NOT EXISTS (SELECT 1 FROM regions AS later WHERE later.supersedes = regions.id);

CREATE VIEW readable_regions AS
SELECT episode_items.episode, episode_items.role, episode_items.position, episode_items.name AS file_name,
       coalesce(classes.name, current_regions.name) AS name,
       current_regions."left" * pictures.width AS x1, current_regions.top * pictures.height AS y1,
       current_regions."right" * pictures.width AS x2, current_regions.bottom * pictures.height AS y2,
       current_regions.annotator, current_regions.source, current_regions.created_at
FROM current_regions
JOIN episode_items ON episode_items.id = current_regions.item
JOIN pictures ON pictures.sha256 = episode_items.picture
LEFT JOIN classes ON classes.id = episode_items.class;
"""
