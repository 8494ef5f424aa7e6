"""What a run was asked for: a run goes on only where all of it is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fsl_demo import __version__
from fsl_demo.core.episodes import Episode
from fsl_demo.datasets.streams import Stream
from fsl_demo.services.bulk.task import Described

Request = Mapping[str, Any]


def request_of(stream: Stream, task: Described) -> Request:
    """All that the bytes of the answers depend on, as JSON, by what a person would call it."""
    return {
        "verb": task.verb,
        "source": {"name": stream.name, "pictures": stream.count, "fingerprint": stream.fingerprint},
        **task.depends,
        "device": task.device,
        "version of the program": __version__,
    }


def support_of(episode: Episode) -> str:
    """A hash of all that there is to learn from."""
    learned = {
        "classes": [[spec.name, *spec.descriptions] for spec in episode.classes],
        "support": [[example.picture.sha256, example.class_index, example.boxes] for example in episode.support],
    }
    return hashlib.sha256(json.dumps(learned).encode()).hexdigest()


def differences(asked: Request, stored: Request) -> str:
    """What of two requests is not the same, for people."""
    names = dict.fromkeys([*asked, *stored])
    return ", ".join(name for name in names if as_json(asked.get(name)) != as_json(stored.get(name)))


def as_json(value: Any) -> str:
    """The same for equal values."""
    return json.dumps(value, sort_keys=True)
