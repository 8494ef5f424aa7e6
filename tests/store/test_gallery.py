"""The gallery: pictures of saved episodes, and those added for searching; listed by key, counted as they change."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import Counter
from contextlib import closing

import pytest
from sqlite_utils import Database

from fsl_demo.core.episodes import Caption, Described, Label, LabelledEpisode
from fsl_demo.core.pictures import Picture
from fsl_demo.store import GalleryFilter, Workspace, words


def hashes(workspace: Workspace) -> set[str]:
    return {member.picture.sha256 for member in workspace.collection()}


def test_an_empty_workspace_has_none(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_picture(digits[0])  # of a draft
    assert workspace.collection() == ()


def test_pictures_of_episodes_with_the_classes_they_were_given(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]
) -> None:
    episode = workspace.save_episode(labelled)
    members = {member.picture: member for member in workspace.collection()}
    assert set(members) == {*digits[:5], *digits[10:14]}
    assert members[digits[0]].classes == ("Two / 2 ",)
    assert members[digits[10]].classes == ("Two / 2 ",)  # labelled
    assert members[digits[12]].classes == ()  # labelled as none of these
    assert all(member.episodes == (episode,) and not member.added for member in members.values())
    assert members[digits[0]].picture.image().size == (16, 16)


def test_labels_that_change_and_episodes_that_go_are_followed(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode = workspace.save_episode(labelled)
    query = labelled.episode.queries[1].sha256

    def classes() -> tuple[str, ...]:
        return next(member.classes for member in workspace.collection() if member.picture.sha256 == query)

    assert classes() == ()
    workspace.label(episode, 1, Label(1))
    assert classes() == ("一",)
    workspace.label(episode, 1, None)
    assert classes() == ()
    workspace.delete_episode(episode)
    assert workspace.collection() == ()
    workspace.restore_episode(episode)
    assert len(workspace.collection()) == 9


def test_a_picture_taken_out_of_its_episode_is_gone(workspace: Workspace, labelled: LabelledEpisode) -> None:
    episode = workspace.save_episode(labelled)
    fewer = dataclasses.replace(labelled.episode, queries=labelled.episode.queries[:1])
    workspace.save_episode(LabelledEpisode(fewer, labelled.title), episode)
    assert len(workspace.collection()) == 6


def test_a_picture_of_two_episodes_is_there_once(workspace: Workspace, labelled: LabelledEpisode) -> None:
    first, second = workspace.save_episode(labelled), workspace.save_episode(labelled)
    members = workspace.collection()
    assert len(members) == 9
    assert all(member.episodes == (second, first) for member in members)


def test_pictures_for_searching_only(workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]) -> None:
    workspace.save_episode(labelled)
    workspace.add_to_collection([digits[0], digits[30], digits[31]])
    workspace.add_to_collection([digits[30]])
    members = {member.picture: member for member in workspace.collection()}
    assert len(members) == 11
    assert (members[digits[30]].added, members[digits[30]].episodes) == (True, ())
    assert (members[digits[0]].added, members[digits[0]].classes) == (True, ("Two / 2 ",))
    assert [member.picture for member in workspace.collection()][:3] == [digits[0], digits[30], digits[31]]
    workspace.gallery.remove([digits[0].sha256, digits[31].sha256])
    assert hashes(workspace) == {picture.sha256 for picture in (*digits[:5], *digits[10:14], digits[30])}
    workspace.add_to_collection([digits[32]])
    assert digits[32].sha256 in hashes(workspace)


def test_another_process_is_noticed(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_to_collection(digits[:1])
    assert len(workspace.collection()) == 1
    Workspace(workspace.folder).add_to_collection(digits[1:3])
    assert len(workspace.collection()) == 3


def recounted(workspace: Workspace) -> tuple[int, int, dict[str, int]]:
    """What the counts have to be, by looking at every picture."""
    members = workspace.collection()
    by_class = Counter(name for member in members for name in member.classes)
    return len(members), sum(not member.classes for member in members), dict(by_class)


def counted(workspace: Workspace) -> tuple[int, int, dict[str, int]]:
    counts = workspace.gallery.counts()
    return counts.pictures, counts.without_class, dict(counts.by_class)


def test_counts_are_kept(workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture]) -> None:
    episode = workspace.save_episode(labelled)
    assert counted(workspace) == recounted(workspace) == (9, 3, {"zéro": 2, "一": 1, "Two / 2 ": 3})
    workspace.add_to_collection([digits[0], digits[30], digits[31]])
    workspace.label(episode, 1, Label(1))
    assert counted(workspace) == recounted(workspace) == (11, 4, {"zéro": 2, "一": 2, "Two / 2 ": 3})
    workspace.label(episode, 1, None)
    workspace.gallery.remove([digits[31].sha256])
    workspace.save_episode(dataclasses.replace(labelled, labels={}), episode)
    assert counted(workspace) == recounted(workspace)
    workspace.delete_episode(episode)
    assert counted(workspace) == recounted(workspace) == (2, 2, {})
    workspace.restore_episode(episode)
    assert counted(workspace) == recounted(workspace)


@pytest.mark.parametrize(
    "wanted", [GalleryFilter(), GalleryFilter("two / 2"), GalleryFilter(without_class=True), GalleryFilter("unknown")]
)
def test_pages_have_every_picture_once(
    workspace: Workspace, labelled: LabelledEpisode, digits: list[Picture], wanted: GalleryFilter
) -> None:
    workspace.save_episode(labelled)
    workspace.add_to_collection(digits[20:27])
    whole = [member.picture for member in workspace.gallery.all(wanted)]
    pages, before = [], None
    while True:
        page = workspace.gallery.page(wanted, before, 2)
        pages += [member.picture for member in page.pictures]
        if (before := page.before) is None:
            break
    assert pages == whole and len(whole) == workspace.gallery.counts().of(wanted)
    expected = [member.picture for member in workspace.collection()]
    if wanted.without_class:
        expected = [member.picture for member in workspace.collection() if not member.classes]
    elif wanted.class_name:
        expected = [member.picture for member in workspace.collection() if "Two / 2 " in member.classes]
        expected = expected if wanted.class_name != "unknown" else []
    assert whole == expected


def test_an_earlier_workspace_gets_its_gallery(workspace: Workspace, labelled: LabelledEpisode) -> None:
    workspace.save_episode(labelled)
    before = counted(workspace), [member.picture for member in workspace.collection()]
    workspace.close()
    with closing(sqlite3.connect(workspace.folder / "fsl_demo.db")) as connection:
        db = Database(connection)
        for table in ("vector_rows", "vector_files", "gallery_classes", "gallery_counts", "gallery_described"):
            db.execute(f"DROP TABLE {table}")
        for table in ("gallery", "names_fts"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP TRIGGER gallery_described_now")
        db.execute("DROP TRIGGER names_are_found")
        db.execute("DELETE FROM _sqlite_migrations WHERE name IN ('m011_gallery', 'm012_vector_files')")
        connection.commit()
    again = Workspace(workspace.folder)
    assert (counted(again), [member.picture for member in again.collection()]) == before
    assert len(again.gallery.with_words("digit", 100).matches) == 9


def test_how_many_are_described_is_kept(workspace: Workspace, digits: list[Picture]) -> None:
    description = Described("prefix", "w1", (Caption("a dog", -1.0, fit=0.2, doubtful=False),))
    workspace.add_to_collection(digits[:3])
    workspace.add_picture(digits[5])
    workspace.put_captions({picture.sha256: description for picture in (*digits[:2], digits[5])})
    assert workspace.gallery.described("prefix") == 2
    workspace.put_captions({digits[0].sha256: dataclasses.replace(description, weights="w2")})
    assert (workspace.gallery.described("prefix"), workspace.gallery.described("gated")) == (2, 0)
    workspace.add_to_collection([digits[5]])
    assert workspace.gallery.described("prefix") == 3
    workspace.gallery.remove([digits[0].sha256])
    assert workspace.gallery.described("prefix") == 2


def test_words_of_names_come_after_those_of_captions(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_to_collection(digits[:4])
    workspace.add_picture(digits[5])  # of a draft: it is not searched
    description = Described("prefix", "w1", (Caption("a digit on a wall", -1.0, fit=0.2, doubtful=False),))
    workspace.put_captions({digits[2].sha256: description})
    result = workspace.gallery.with_words("digit", 3)
    assert result.count == 4 and len(result.matches) == 3
    assert result.matches[0].picture == digits[2].sha256 and result.matches[0].caption is not None
    assert result.matches[1].caption is None and ("digit", True) in result.matches[1].parts
    assert [match.picture for match in workspace.gallery.with_words("digit 3", 9).matches] == [digits[3].sha256]
    assert workspace.gallery.with_words("digit", 9, GalleryFilter("a class")).matches == ()


def test_of_very_many_matches_the_latest_come_first(
    workspace: Workspace, digits: list[Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "RANKED", 5)
    for picture in digits[:8]:
        workspace.add_to_collection([picture])
    result = workspace.gallery.with_words("digit", 3)
    assert [match.picture for match in result.matches] == [picture.sha256 for picture in reversed(digits[5:8])]
    assert result.count == 5
    assert len(workspace.gallery.with_words("digit", 100).matches) == 8
