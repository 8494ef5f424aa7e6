"""The SQL of the migrations that make named collections. What was released is never edited."""

from __future__ import annotations

COLLECTIONS = """
CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,                    -- Unicode-normalised, case-folded, single-spaced
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT
) STRICT;
CREATE UNIQUE INDEX collections_key ON collections(key) WHERE deleted_at IS NULL;

CREATE TABLE collection_classes (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections(id),
    class INTEGER NOT NULL REFERENCES classes(id),
    name TEXT NOT NULL,                   -- as it was first spelled here
    UNIQUE (collection, class)
) STRICT;

CREATE TABLE collection_items (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections(id),
    picture TEXT NOT NULL REFERENCES pictures(sha256),
    name TEXT NOT NULL,                   -- the file name in this collection
    word INTEGER REFERENCES collection_labels(id), -- the newest that counts
    class INTEGER REFERENCES classes(id), -- of that word; NULL for none of these
    disputed INTEGER NOT NULL DEFAULT 0,
    removed_at TEXT,
    UNIQUE (collection, picture)
) STRICT;
CREATE INDEX collection_items_present ON collection_items(collection, id) WHERE removed_at IS NULL;
CREATE INDEX collection_items_counted ON collection_items(collection, class, word, disputed) WHERE removed_at IS NULL;
CREATE INDEX collection_items_picture ON collection_items(picture);

CREATE TABLE collection_labels (
    id INTEGER PRIMARY KEY,
    item INTEGER NOT NULL REFERENCES collection_items(id),
    kind TEXT NOT NULL CHECK (kind IN ('class', 'none', 'cleared')),
    class INTEGER REFERENCES classes(id),
    annotator TEXT NOT NULL,
    source TEXT CHECK (source IN ('blind', 'accepted', 'corrected', 'bulk', 'imported', 'episode', 'settled')),
    suggestion INTEGER REFERENCES classes(id),
    seconds REAL NOT NULL,
    takes_back INTEGER UNIQUE REFERENCES collection_labels(id),
    created_at TEXT NOT NULL,
    CHECK ((kind = 'class') = (class IS NOT NULL)),
    CHECK ((kind = 'cleared') = (source IS NULL)),
    CHECK ((kind = 'cleared') = (takes_back IS NOT NULL))
) STRICT;
CREATE INDEX collection_labels_item ON collection_labels(item);

CREATE TRIGGER collection_labels_are_never_changed BEFORE UPDATE ON collection_labels
BEGIN SELECT RAISE(ABORT, 'labels are append-only'); END;
CREATE TRIGGER collection_labels_are_never_deleted BEFORE DELETE ON collection_labels
BEGIN SELECT RAISE(ABORT, 'labels are append-only'); END;

CREATE VIEW current_collection_labels AS
SELECT * FROM collection_labels
WHERE kind <> 'cleared' AND NOT EXISTS
    (SELECT 1 FROM collection_labels AS later WHERE later.takes_back = collection_labels.id);

CREATE TRIGGER collection_labels_count AFTER INSERT ON collection_labels
BEGIN
    UPDATE collection_items SET
        word = (SELECT max(id) FROM current_collection_labels WHERE item = NEW.item),
        class = (SELECT class FROM current_collection_labels WHERE item = NEW.item ORDER BY id DESC LIMIT 1),
        disputed = (
            SELECT count(DISTINCT coalesce(class, 0)) > 1 FROM (
                SELECT class, max(id) FROM current_collection_labels
                WHERE item = NEW.item AND id >= coalesce(
                    (SELECT max(id) FROM current_collection_labels WHERE item = NEW.item AND source = 'settled'), 0)
                GROUP BY annotator))
    WHERE id = NEW.item;
END;

CREATE TABLE collection_versions (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections(id),
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,                 -- of its pictures, their classes, parts and groups
    created_at TEXT NOT NULL,
    UNIQUE (collection, number),
    UNIQUE (collection, digest)
) STRICT;

CREATE TABLE frozen_items (
    version INTEGER NOT NULL REFERENCES collection_versions(id),
    position INTEGER NOT NULL,
    picture TEXT NOT NULL REFERENCES pictures(sha256),
    name TEXT NOT NULL,                   -- the file name in this version
    class TEXT NOT NULL,                  -- as it was spelled then
    part TEXT NOT NULL CHECK (part IN ('train', 'validation', 'test')),
    near TEXT NOT NULL,                   -- the least hash of its near-duplicates, itself among them
    PRIMARY KEY (version, position),
    UNIQUE (version, picture)
) STRICT, WITHOUT ROWID;
CREATE INDEX frozen_items_picture ON frozen_items(picture);

CREATE TRIGGER versions_are_never_changed BEFORE UPDATE ON collection_versions
BEGIN SELECT RAISE(ABORT, 'frozen versions never change'); END;
CREATE TRIGGER versions_are_never_deleted BEFORE DELETE ON collection_versions
BEGIN SELECT RAISE(ABORT, 'frozen versions never change'); END;
CREATE TRIGGER frozen_items_are_never_changed BEFORE UPDATE ON frozen_items
BEGIN SELECT RAISE(ABORT, 'frozen versions never change'); END;
CREATE TRIGGER frozen_items_are_never_deleted BEFORE DELETE ON frozen_items
BEGIN SELECT RAISE(ABORT, 'frozen versions never change'); END;

CREATE VIEW readable_collections AS
SELECT collections.name AS collection, collection_items.name AS file_name, picture,
       collection_classes.name AS class, word IS NOT NULL AND collection_items.class IS NULL AS none_of_these, disputed
FROM collection_items
JOIN collections ON collections.id = collection_items.collection
LEFT JOIN collection_classes ON collection_classes.collection = collections.id
    AND collection_classes.class = collection_items.class
WHERE deleted_at IS NULL AND removed_at IS NULL;
"""

SETTLED_FINDINGS = """
CREATE TABLE settled_findings (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL REFERENCES collections(id),
    finding TEXT NOT NULL,                -- key of a finding of the doctor that a person marked as right
    annotator TEXT NOT NULL,
    takes_back INTEGER UNIQUE REFERENCES settled_findings(id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX settled_findings_finding ON settled_findings(collection, finding);

CREATE TRIGGER settled_findings_are_never_changed BEFORE UPDATE ON settled_findings
BEGIN SELECT RAISE(ABORT, 'marks are append-only'); END;
CREATE TRIGGER settled_findings_are_never_deleted BEFORE DELETE ON settled_findings
BEGIN SELECT RAISE(ABORT, 'marks are append-only'); END;

CREATE VIEW current_settled_findings AS
SELECT * FROM settled_findings
WHERE takes_back IS NULL AND NOT EXISTS
    (SELECT 1 FROM settled_findings AS later WHERE later.takes_back = settled_findings.id);
"""
