"""The workspace: everything that a person made, in one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fsl_demo.core.accounts import Account
from fsl_demo.core.episodes import Described, Label, LabelledEpisode, ordered_unique
from fsl_demo.core.errors import UserError
from fsl_demo.core.pictures import Picture
from fsl_demo.store import blobs, browse, captions, drafts, episodes, labels, opening, pictures, vector_rows
from fsl_demo.store.accounts import AccountStore
from fsl_demo.store.collections import CollectionStore
from fsl_demo.store.connection import Connections, database_faults, now, trouble
from fsl_demo.store.gallery import CollectionPicture, GalleryStore
from fsl_demo.store.gallery_rows import refresh, refresh_episode
from fsl_demo.store.region_labels import RegionLabelStore
from fsl_demo.store.rights import permitted
from fsl_demo.store.vector_files import VectorFiles


class Workspace:
    """A folder with `fsl_demo.db` (SQLite) and `blobs/` (pictures). Any number of threads may share one.

    Every method may raise `UserError`: `disk_full`, `folder_unwritable`, `workspace_busy` or
    `workspace_damaged`. What was to be written is then not written, and what was there is untouched.
    """

    def __init__(self, folder: Path, read_only: bool = False, beneath: Path | None = None) -> None:
        """Open the workspace; make it where there is none.

        Args:
            read_only: open what is there, and change nothing; `reader` opens what cannot be opened so.
            beneath: another workspace, whose pictures are this one's, too, and stay as they are.

        Raises:
            UserError: `workspace_newer`, `workspace_foreign`, `workspace_emptied`; the folder is then as it was.
        """
        self._blobs = blobs.Blobs(
            folder / opening.PICTURES, beneath=beneath and beneath / opening.PICTURES, read_only=read_only
        )
        if not read_only:
            with trouble(folder):
                folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.beneath = folder, beneath
        self._connections = Connections(folder / opening.FILE, read_only)
        if not read_only:
            self._blobs.prepare()
        self.drafts = drafts.DraftStore(self._connections)
        self.accounts = AccountStore(self._connections)
        self.region_labels = RegionLabelStore(self._connections)
        self.gallery = GalleryStore(self._connections, self._blobs)
        self._statistics = browse.KnownStatistics()
        self.vectors = VectorFiles(self._connections, folder)
        self.words = labels.WordStore(self._connections)
        self.collections = CollectionStore(self._connections, self._blobs, keep=self._keep)

    @property
    def current(self) -> bool:
        """Whether its database is of this version, as every one is that is not opened to be read only."""
        return self._connections.current

    def close(self) -> None:
        """Close this thread's connection; the workspace stays usable."""
        self._connections.close()

    def add_picture(self, picture: Picture) -> Picture:
        """Keep a picture.

        Returns:
            The same picture, read from the workspace when its image is asked for.
        """
        self._keep([picture])
        return replace(picture, source=self._blobs.source(picture.sha256, picture.name))

    def ingest(self, source: bytes | Path, name: str | None = None) -> Picture:
        """Keep the picture of a file, as `core.pictures.ingest` reads it. Its pixels never come into this process."""
        picture, written = self._blobs.ingest(source, name)
        with self._connections.write() as db:
            pictures.insert(db, {picture: written})
        return picture

    def picture(self, sha256: str) -> Picture:
        """The picture with this hash, under the name that it was first stored with.

        Raises:
            UserError: `picture_not_stored`.
        """
        with self._connections.read() as db:
            picture = pictures.find(db, self._blobs, sha256)
        if picture is None:
            raise UserError("picture_not_stored", sha256=sha256)
        return picture

    def names(self, hashes: Sequence[str]) -> dict[str, str]:
        """The names of those pictures that are stored, by hash."""
        with self._connections.read() as db:
            return pictures.names(db, hashes)

    def unknown(self, hashes: Sequence[str]) -> set[str]:
        """Those of the hashes that no picture here has."""
        return set(hashes).difference(self.names(hashes))

    def heal(self, wanted: Sequence[Picture]) -> None:
        """Give those of the pictures that are stored their files back, where they are lost or damaged."""
        with self._connections.read() as db:
            new = pictures.missing(db, wanted)
        self._blobs.heal([picture for picture in wanted if picture not in new])

    def lost(self, hashes: Sequence[str]) -> dict[str, UserError]:
        """Those of the pictures that cannot be read, by hash, with the reason: not stored, gone, or cut off.

        Only the length of a file is looked at; `check` reads them.
        """
        with self._connections.read() as db:
            files = pictures.files(db, hashes)
        return self._blobs.lost(hashes, files)

    def thumbnail(self, sha256: str) -> bytes:
        """A WebP of the picture, at most 160 pixels a side.

        Raises:
            UserError: `picture_not_stored`.
        """
        with self._connections.read() as db:
            webp = pictures.thumbnail(db, sha256)
        if webp is None:
            raise UserError("picture_not_stored", sha256=sha256)
        return webp

    def save_episode(self, labelled: LabelledEpisode, episode_id: str | None = None, by: Account | None = None) -> str:
        """Keep an episode with its pictures, scores, labels and regions; gives its id.

        Args:
            episode_id: the stored episode that this is a newer state of; None makes a new one. Labels that
                changed are appended to their histories, one that is gone is taken back there.
            by: who saves; an annotator changes what others saved by labels of their own only.

        Raises:
            UserError: `episode_missing`, `class_name_twice`, `episode_shared`, `label_of_another`.
        """
        episode = labelled.episode
        self._add_pictures([*(example.picture for example in episode.support), *episode.queries])
        with self._connections.write() as db:
            if by is not None and episode_id is not None:
                labelled = permitted(db, self._blobs, labelled=labelled, episode_id=episode_id, account=by)
            saved = episodes.save(db, labelled, episode_id, by=by)
            refresh_episode(db, saved)
            return saved

    def episode(self, episode_id: str) -> episodes.StoredEpisode:
        """A stored episode, whole: pictures, order, classes, descriptions, scores and labels with their times.

        Raises:
            UserError: `episode_missing`.
        """
        with self._connections.read() as db:
            return episodes.load(db, self._blobs, episode_id)

    def episodes(self, wanted: browse.EpisodeFilter | None = None) -> list[browse.EpisodeSummary]:
        """Stored episodes, last saved first; without a filter, all that are not deleted."""
        return self.episode_page(wanted, -1).episodes

    def episode_page(self, wanted: browse.EpisodeFilter | None = None, limit: int = browse.PAGE) -> browse.EpisodePage:
        """The first stored episodes that match, last saved first; all of them where `limit` is -1."""
        with self._connections.read() as db:
            return browse.page(db, wanted or browse.EpisodeFilter(), limit)

    def episode_choices(self) -> browse.EpisodeChoices:
        """What stored episodes can be filtered by."""
        with self._connections.read() as db:
            return browse.choices(db)

    def label(self, episode_id: str, query_position: int, label: Label | None) -> None:
        """Label a query of a stored episode; None takes its label back.

        Raises:
            UserError: `episode_missing`, `query_missing`.
        """
        with self._connections.write() as db:
            item = episodes.query_item(db, episode_id, query_position)
            labels.put(db, item, label=label, classes=episodes.class_ids(db, episode_id))
            episodes.touch(db, episode_id, now())
            refresh(db, [episodes.picture_of(db, item)])

    def label_history(self, episode_id: str, query_position: int) -> list[labels.LabelRecord]:
        """Everything that was ever said about a query, oldest first.

        Raises:
            UserError: `episode_missing`, `query_missing`.
        """
        with self._connections.read() as db:
            return labels.history(db, episodes.query_item(db, episode_id, query_position))

    def delete_episode(self, episode_id: str) -> None:
        """Move an episode out of the list; it can be restored.

        Raises:
            UserError: `episode_missing`.
        """
        with self._connections.write() as db:
            episodes.delete(db, episode_id)
            refresh_episode(db, episode_id)

    def restore_episode(self, episode_id: str) -> None:
        """Bring a deleted episode back.

        Raises:
            UserError: `episode_missing`.
        """
        with self._connections.write() as db:
            episodes.restore(db, episode_id)
            refresh_episode(db, episode_id)

    def collection(self) -> tuple[CollectionPicture, ...]:
        """Every picture of the gallery; the latest first."""
        return tuple(self.gallery.all())

    def add_to_collection(self, wanted: Sequence[Picture]) -> None:
        """Keep pictures for searching; no episode needs to have them."""
        self._keep(wanted)
        self.gallery.add([picture.sha256 for picture in wanted])

    def put_captions(self, described: Mapping[str, Described]) -> None:
        """Keep what a captioner said of stored pictures, by hash; what the same weights said before stays."""
        with self._connections.write() as db:
            for sha256, description in described.items():
                captions.add(db, sha256, description)

    def captions(self, hashes: Sequence[str]) -> dict[str, tuple[Described, ...]]:
        """What captioners said of those pictures that were described, the latest first."""
        with self._connections.read() as db:
            return captions.load(db, hashes)

    def described(self, captioner: str, weights: str, among: Sequence[str]) -> set[str]:
        """Those of the hashes whose pictures a captioner with these weights has described."""
        with self._connections.read() as db:
            return captions.described(db, captioner, weights=weights, among=among)

    def statistics(self) -> browse.Statistics:
        """How much there is of everything."""
        size = sum(file.stat().st_size for file in self.folder.glob("fsl_demo.db*"))
        with self._connections.read() as db:
            return self._statistics.of(db, size)

    def check(self) -> list[str]:
        """What is wrong with the workspace, in sentences; nothing when the list is empty. Reads every picture."""
        try:
            with self._connections.read() as db:
                faults, stored = database_faults(db), pictures.hashes(db)
        except UserError as error:
            return [str(error)]
        return faults + [fault for sha256 in stored if (fault := self._blobs.fault(sha256))]

    def left_over(self) -> list[Path]:
        """Files of no use that a killed process has left: pictures that nothing points to, and unfinished files."""
        with self._connections.read() as db:
            known = frozenset(pictures.hashes(db))
        unfinished = [file for ending in ("*.tmp", "*.part") for file in (self.folder / "exports").glob(ending)]
        return sorted([*self._blobs.left(known), *filter(blobs.is_left, unfinished)])

    def clean(self) -> list[Path]:
        """Delete what is left over; gives the files."""
        left = self.left_over()
        with trouble(self.folder):
            for file in left:
                file.unlink(missing_ok=True)
        return left

    def get_vectors(self, space: str, keys: Sequence[str]) -> dict[str, np.ndarray]:
        """The cached vectors, float32, of those keys that have one."""
        with self._connections.read() as db:
            return vector_rows.load(db, space, keys)

    def put_vectors(self, space: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Cache vectors, as float32, over earlier ones of the same keys; a workspace to be read only keeps none."""
        if self._connections.read_only:
            return
        with self._connections.write() as db:
            vector_rows.save(db, space, vectors)

    def _keep(self, wanted: Sequence[Picture]) -> None:
        """Store pictures, and give those that are stored their files back."""
        self._blobs.heal(self._add_pictures(wanted))

    def _add_pictures(self, wanted: Sequence[Picture]) -> list[Picture]:
        """Keep the pictures that are new; gives those that are stored already."""
        with self._connections.read() as db:
            new = pictures.missing(db, wanted)
        if new:
            written = {picture: self._blobs.add(picture) for picture in new}
            with self._connections.write() as db:
                pictures.insert(db, written)
        return [picture for picture in ordered_unique(wanted) if picture not in new]
