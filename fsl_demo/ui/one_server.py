"""One server a workspace: a second one is refused, and told where the first is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from fsl_demo.core.errors import UserError, disk_trouble


class OneServer:
    """The right to serve a workspace; the operating system takes it back when the process ends, however it ends."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace.resolve()
        self._address = self.workspace / "server.address"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the right.

        Raises:
            UserError: `workspace_served`, `folder_unwritable`.
        """
        with disk_trouble(self.workspace):
            self.workspace.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.workspace / "server.lock", timeout=0)
            try:
                lock.acquire()
            except Timeout as error:
                raise UserError("workspace_served", folder=self.workspace, address=self._first()) from error
            self._address.unlink(missing_ok=True)  # of a server that was killed
        try:
            yield
        finally:
            self._address.unlink(missing_ok=True)
            lock.release()

    def announce(self, address: str) -> None:
        """Say where it is, for a second server to name."""
        with disk_trouble(self.workspace):
            self._address.write_text(address, encoding="utf-8")

    def _first(self) -> str:
        with suppress(OSError):
            return self._address.read_text(encoding="utf-8")
        return "?"
