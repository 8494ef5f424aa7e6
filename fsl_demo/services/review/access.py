"""What may be reviewed, by whom."""

from __future__ import annotations

from fsl_demo.core.collections import CollectedPicture
from fsl_demo.store import Workspace


def collected(workspace: Workspace, collection: str, account: int | None) -> list[CollectedPicture]:
    """The pictures of a collection that can be read and that an account may see; None may see all.

    Raises:
        UserError: `collection_missing`.
    """
    pictures = workspace.collections.pictures(collection)
    hashes = [known.picture.sha256 for known in pictures]
    hidden = set(workspace.lost(hashes))
    if account is not None:
        hidden |= set(hashes) - workspace.accounts.visible(account, hashes)
    return [known for known in pictures if known.picture.sha256 not in hidden]
