"""The collection: pictures of saved episodes, and those added for searching."""

from __future__ import annotations

import dataclasses

from fsl_demo.core.episodes import Label, LabelledEpisode
from fsl_demo.core.pictures import Picture
from fsl_demo.store import Workspace


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
    workspace.take_from_collection([digits[0].sha256, digits[31].sha256])
    assert hashes(workspace) == {picture.sha256 for picture in (*digits[:5], *digits[10:14], digits[30])}
    workspace.add_to_collection([digits[32]])
    assert digits[32].sha256 in hashes(workspace)


def test_another_process_is_noticed(workspace: Workspace, digits: list[Picture]) -> None:
    workspace.add_to_collection(digits[:1])
    assert len(workspace.collection()) == 1
    Workspace(workspace.folder).add_to_collection(digits[1:3])
    assert len(workspace.collection()) == 3
