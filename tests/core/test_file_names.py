"""Class names as folder names."""

import pytest

from fsl_demo.core.file_names import MAX_LENGTH, class_name, folder_name

NAMES = [
    "cat", "Two words", "貓", "naïve", "a/b\\c", "..", ".", "...", ".hidden", "trailing.", " both ", "con", "NUL.txt",
    "com1", "COM¹", "__MACOSX", 'quo"te', "what?*", "<a|b>:", "100%", "%2F", "%", "", "tab\there", "nul\0", "🦊", "a~b",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back(name: str) -> None:
    folder = folder_name(name)
    assert class_name(folder) == name
    assert folder and not folder.startswith((".", " ")) and not folder.endswith((".", " "))
    assert not set(folder) & set('<>:"/\\|?*') and folder.isprintable()
    assert folder.split(".")[0].lower() not in ("con", "nul", "com1", "com¹", "__macosx")


def test_different_names_have_different_folders() -> None:
    assert len({folder_name(name) for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("name", ["cat", "貓", "naïve", "Two words"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert folder_name(name) == name


@pytest.mark.parametrize("folder", ["50%off", "100%", "%41", "a%zz", "%2"])
def test_other_peoples_folders_keep_their_names(folder: str) -> None:
    assert class_name(folder) == folder


def test_long_names_are_cut_and_told_apart() -> None:
    long = ["貓" * 100 + ending for ending in "ab"]
    folders = [folder_name(name) for name in long]
    assert len(set(folders)) == 2
    assert all(len(folder.encode()) <= MAX_LENGTH for folder in folders)
