"""What is told of named collections and their frozen versions, in sentences; `errors` has all others."""

from __future__ import annotations

COLLECTION_MESSAGES = {
    "collection_missing": "There is no collection “{name}”. Check how it is spelled, or make it.",
    "collection_exists": "There is a collection “{name}” already. Choose another name.",
    "collection_name": "A collection's name has 1 to {limit} characters that can be printed, and no “@”. Choose"
    " another one.",
    "collection_picture_gone": "{count} of these pictures are no longer in the collection, so nothing was labelled."
    " Reload the page.",
    "collection_changed": "Somebody changed the collection meanwhile, so nothing was frozen. Freeze it again.",
    "freeze_nothing": "There is nothing to freeze: no picture has a class that nobody disputes. Label some.",
    "never_frozen": "“{name}” was never frozen. Freeze it first.",
    "frozen_missing": "“{name}” has no version {number}; the newest is {newest}.",
}
