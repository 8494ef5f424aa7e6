"""The SQL of the migration that makes the gallery. What was released is never edited."""

from __future__ import annotations

GALLERY = """
CREATE TABLE gallery (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the greatest came last
    picture TEXT NOT NULL UNIQUE REFERENCES pictures(sha256)
) STRICT;

CREATE TABLE gallery_classes (
    class INTEGER NOT NULL,               -- 0 for a picture without any
    item INTEGER NOT NULL REFERENCES gallery(id),
    PRIMARY KEY (class, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX gallery_classes_item ON gallery_classes(item);

CREATE TABLE gallery_counts (
    class INTEGER PRIMARY KEY,            -- 0 for pictures without any, -1 for all
    pictures INTEGER NOT NULL
) STRICT;

CREATE TRIGGER gallery_counts_all AFTER INSERT ON gallery
BEGIN
    INSERT INTO gallery_counts (class, pictures) VALUES (-1, 1)
    ON CONFLICT (class) DO UPDATE SET pictures = pictures + 1;
END;
CREATE TRIGGER gallery_counts_one_less AFTER DELETE ON gallery
BEGIN
    UPDATE gallery_counts SET pictures = pictures - 1 WHERE class = -1;
END;
CREATE TRIGGER gallery_counts_class AFTER INSERT ON gallery_classes
BEGIN
    INSERT INTO gallery_counts (class, pictures) VALUES (NEW.class, 1)
    ON CONFLICT (class) DO UPDATE SET pictures = pictures + 1;
END;
CREATE TRIGGER gallery_counts_class_less AFTER DELETE ON gallery_classes
BEGIN
    UPDATE gallery_counts SET pictures = pictures - 1 WHERE class = OLD.class;
END;

CREATE TABLE gallery_described (
    captioner TEXT PRIMARY KEY,
    pictures INTEGER NOT NULL             -- of the gallery, with a caption of this captioner
) STRICT;

CREATE TRIGGER gallery_described_now AFTER INSERT ON captions
WHEN NEW.rank = 0 AND EXISTS (SELECT 1 FROM gallery WHERE picture = NEW.picture) AND NOT EXISTS
    (SELECT 1 FROM captions WHERE picture = NEW.picture AND captioner = NEW.captioner AND rank = 0 AND id <> NEW.id)
BEGIN
    INSERT INTO gallery_described (captioner, pictures) VALUES (NEW.captioner, 1)
    ON CONFLICT (captioner) DO UPDATE SET pictures = pictures + 1;
END;
CREATE TRIGGER gallery_described_before AFTER INSERT ON gallery
BEGIN
    INSERT INTO gallery_described (captioner, pictures)
    SELECT DISTINCT captioner, 1 FROM captions WHERE picture = NEW.picture AND rank = 0
    ON CONFLICT (captioner) DO UPDATE SET pictures = pictures + 1;
END;
CREATE TRIGGER gallery_described_less AFTER DELETE ON gallery
BEGIN
    UPDATE gallery_described SET pictures = pictures - 1
    WHERE captioner IN (SELECT captioner FROM captions WHERE picture = OLD.picture AND rank = 0);
END;

CREATE VIRTUAL TABLE names_fts USING fts5(
    picture UNINDEXED, name, tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO names_fts (picture, name) SELECT sha256, name FROM pictures ORDER BY created_at;
CREATE TRIGGER names_are_found AFTER INSERT ON pictures
BEGIN
    INSERT INTO names_fts (picture, name) VALUES (NEW.sha256, NEW.name);
END;
"""

FIRST_GALLERY = """
SELECT picture FROM (
  SELECT picture, created_at AS time, '' AS episode, '' AS role, id AS position FROM searchable
  UNION ALL
  SELECT picture, updated_at, episode, role, position FROM episode_items JOIN episodes ON episodes.id = episode
  WHERE deleted_at IS NULL AND position IS NOT NULL
) GROUP BY picture ORDER BY max(time) DESC, episode, role DESC, position
"""
"""Pictures of an earlier version's workspace, the latest first."""

VECTOR_FILES = """
CREATE TABLE vector_files (
    id INTEGER PRIMARY KEY,
    space TEXT NOT NULL UNIQUE,           -- the space's id and the hashes of its weights
    dimensions INTEGER NOT NULL,
    rows INTEGER NOT NULL DEFAULT 0,      -- in the file; what comes after them was never finished
    pictures INTEGER NOT NULL DEFAULT 0,  -- of the gallery, that have a row
    index_file TEXT NOT NULL DEFAULT '',  -- in vectors/, of the first index_rows rows; '' without any
    index_rows INTEGER NOT NULL DEFAULT 0,
    index_bytes INTEGER NOT NULL DEFAULT 0,
    index_ends TEXT NOT NULL DEFAULT ''   -- SHA-256 of its first and last bytes
) STRICT;

CREATE TABLE vector_rows (
    file INTEGER NOT NULL REFERENCES vector_files(id),
    row INTEGER NOT NULL,
    item INTEGER NOT NULL REFERENCES gallery(id) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (file, row)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX vector_rows_item ON vector_rows(item, file);

CREATE TRIGGER vector_files_count AFTER INSERT ON vector_rows
BEGIN
    UPDATE vector_files SET pictures = pictures + 1 WHERE id = NEW.file;
END;
CREATE TRIGGER vector_files_count_less AFTER DELETE ON vector_rows
BEGIN
    UPDATE vector_files SET pictures = pictures - 1 WHERE id = OLD.file;
END;
"""
