"""What is told of named collections and their frozen versions, in sentences; `errors` has all others."""

from __future__ import annotations

COLLECTION_MESSAGES = {
    "collection_missing": "There is no collection “{name}”. Check how it is spelled, or make it.",
    "collection_exists": "There is a collection “{name}” already. Choose another name.",
    "collection_name": "A collection's name has 1 to {limit} characters that can be printed, and no “@”. Choose"
    " another one.",
    "collection_picture_gone": "{count} of these pictures are no longer in the collection, so nothing was labelled."
    " Reload the page.",
    "collection_picture_unknown": "The collection has no picture “{file}”. Name it by its hash or its file name, as"
    " `collections show` has them.",
    "collection_sources": "Nothing is named to put into the collection. Name a folder, an archive, a picture or an"
    " episode.",
    "collection_reference": "“{text}” names no version of a collection. Write NAME, or NAME@NUMBER.",
    "collection_changed": "Somebody changed the collection meanwhile, so nothing was frozen. Freeze it again.",
    "freeze_nothing": "There is nothing to freeze: no picture has a class that nobody disputes. Label some.",
    "freeze_no_method": "Near-duplicates are found by a method that is not installed, so nothing was frozen.",
    "freeze_unlabelled": "Pictures without a label ({count}, the first is “{first}”) were left out.",
    "freeze_none": "Pictures labelled as none of these ({count}, the first is “{first}”) were left out.",
    "freeze_disputed": "Pictures that two people labelled differently ({count}, the first is “{first}”) were left out."
    " Settle them in a review.",
    "freeze_leaking": "Pictures ({count}, the first is “{first}”) are near-duplicates of pictures that stand in another"
    " part since an earlier version, so they were left out.",
    "freeze_class_small": "“{name}” has too few pictures for every part ({count}, near-duplicates counted once). Add"
    " some.",
    "shares_bad": "The shares of train, validation and test are whole numbers that make 100 together, and train has"
    " some; {shares} do not.",
    "import_changes": "“{file}” came in: new pictures {new}, labels that differ {differ}, pictures newly labelled"
    " {labelled}, labels that are the same {same}, left out {left_out}.",
    "labels_no_examples": "“{file}” has {count} pictures without a class; they are no examples and were left out.",
    "shard_large": "“{file}” has more than {limit:.0f} MB, so it was left out. Split it up.",
    "rows_rest": "The pictures of “{file}” take more than {minutes} minutes of computing, so all from “{first}” on were"
    " left out. Split it up.",
    "never_frozen": "“{name}” was never frozen. Freeze it first.",
    "frozen_missing": "“{name}” has no version {number}; the newest is {newest}.",
}
