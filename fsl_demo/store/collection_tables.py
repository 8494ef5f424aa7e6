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

COUNTED_COLLECTIONS = """
CREATE TABLE collection_counts (
    collection INTEGER NOT NULL REFERENCES collections(id),
    kind INTEGER NOT NULL,                -- row id of a class, 0 unlabelled, -1 none of these, -2 disputed
    pictures INTEGER NOT NULL,
    PRIMARY KEY (collection, kind)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER collection_counts_came AFTER INSERT ON collection_items WHEN NEW.removed_at IS NULL
BEGIN
    INSERT INTO collection_counts (collection, kind, pictures)
    VALUES (NEW.collection, CASE WHEN NEW.word IS NULL THEN 0 ELSE coalesce(NEW.class, -1) END, 1)
    ON CONFLICT (collection, kind) DO UPDATE SET pictures = pictures + 1;
    INSERT INTO collection_counts (collection, kind, pictures) SELECT NEW.collection, -2, 1 WHERE NEW.disputed
    ON CONFLICT (collection, kind) DO UPDATE SET pictures = pictures + 1;
END;
CREATE TRIGGER collection_counts_was AFTER UPDATE ON collection_items WHEN OLD.removed_at IS NULL
BEGIN
    UPDATE collection_counts SET pictures = pictures - 1 WHERE collection = OLD.collection
        AND kind = CASE WHEN OLD.word IS NULL THEN 0 ELSE coalesce(OLD.class, -1) END;
    UPDATE collection_counts SET pictures = pictures - 1
    WHERE OLD.disputed AND collection = OLD.collection AND kind = -2;
END;
CREATE TRIGGER collection_counts_is AFTER UPDATE ON collection_items WHEN NEW.removed_at IS NULL
BEGIN
    INSERT INTO collection_counts (collection, kind, pictures)
    VALUES (NEW.collection, CASE WHEN NEW.word IS NULL THEN 0 ELSE coalesce(NEW.class, -1) END, 1)
    ON CONFLICT (collection, kind) DO UPDATE SET pictures = pictures + 1;
    INSERT INTO collection_counts (collection, kind, pictures) SELECT NEW.collection, -2, 1 WHERE NEW.disputed
    ON CONFLICT (collection, kind) DO UPDATE SET pictures = pictures + 1;
END;

INSERT INTO collection_counts (collection, kind, pictures)
SELECT collection, CASE WHEN word IS NULL THEN 0 ELSE coalesce(class, -1) END, count(*) FROM collection_items
WHERE removed_at IS NULL GROUP BY 1, 2
UNION ALL
SELECT collection, -2, count(*) FROM collection_items WHERE removed_at IS NULL AND disputed GROUP BY 1;

DROP INDEX collection_items_counted;
CREATE INDEX collection_items_class ON collection_items(collection, class) WHERE removed_at IS NULL;
CREATE INDEX collection_items_unlabelled ON collection_items(collection) WHERE removed_at IS NULL AND word IS NULL;
CREATE INDEX collection_items_labelled ON collection_items(collection) WHERE removed_at IS NULL AND word IS NOT NULL;
CREATE INDEX collection_items_none ON collection_items(collection)
    WHERE removed_at IS NULL AND word IS NOT NULL AND class IS NULL;
CREATE INDEX collection_items_disputed ON collection_items(collection) WHERE removed_at IS NULL AND disputed;
CREATE INDEX collection_items_shuffled ON collection_items(collection, picture) WHERE removed_at IS NULL;
CREATE INDEX collection_items_shuffled_unlabelled ON collection_items(collection, picture)
    WHERE removed_at IS NULL AND word IS NULL;
CREATE INDEX collection_labels_annotator ON collection_labels(annotator, item);
CREATE INDEX collection_labels_class ON collection_labels(class);
"""
