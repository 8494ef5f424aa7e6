"""Start the workbench: options, workspace, methods, server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fsl_demo import runtime
from fsl_demo.core.errors import UserError


def parser(program: str = "app.py") -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(
        prog=program,
        description="Few-shot image classification workbench: opens a page in your browser. Nothing leaves this machine.",
    )
    options.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this machine only; for others, accounts are needed: `users add`)",
    )
    options.add_argument(
        "--public-address",
        metavar="URL",
        default=None,
        help="the address that a reverse proxy or a name server gives it, as in https://lab.example",
    )
    options.add_argument("--certfile", type=Path, default=None, metavar="FILE", help="certificate for TLS, PEM")
    options.add_argument("--keyfile", type=Path, default=None, metavar="FILE", help="its key, where it is another file")
    options.add_argument(
        "--metrics-token",
        type=Path,
        default=None,
        metavar="FILE",
        help="file of the token with which a monitor reads /metrics where accounts are needed",
    )
    options.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    options.add_argument(
        "--workspace",
        type=Path,
        default=Path("workspace"),
        help="folder for episodes and pictures (default: ./workspace)",
    )
    options.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: auto)")
    options.add_argument(
        "--threads", type=int, default=None, help="CPU threads for the networks (default: torch's choice)"
    )
    options.add_argument(
        "--precision",
        choices=("no", "bf16", "fp16"),
        default="no",
        help="of frozen networks of pictures: mixed precision for a GPU (default: no)",
    )
    options.add_argument(
        "--web",
        type=Path,
        default=None,
        metavar="DIR",
        help="take classifiers away as web pages, too: folder of the unpacked npm package onnxruntime-web 1.30.0",
    )
    options.add_argument("--open", action="store_true", help="open the page in the default browser")
    return options


def main(arguments: Sequence[str] | None = None, program: str = "app.py") -> int:
    options = parser(program)
    chosen = options.parse_args(arguments)
    runtime.prepare(chosen.device, chosen.threads, chosen.precision)
    runtime.share_cores()
    try:
        if chosen.device not in ("auto", "cpu"):  # which are there
            runtime.device()
    except ValueError as error:
        options.error(str(error))
    os.environ["GRADIO_TEMP_DIR"] = str(chosen.workspace.resolve() / "uploads")
    from fsl_demo.ui.server import Reach, serve

    reach = Reach(
        chosen.public_address, certfile=chosen.certfile, keyfile=chosen.keyfile, metrics_token=chosen.metrics_token
    )
    try:
        return serve(
            chosen.workspace,
            host=chosen.host,
            port=chosen.port,
            open_browser=chosen.open,
            reach=reach,
            web=chosen.web,
        )
    except UserError as error:
        print(error, file=sys.stderr)
    except OSError:
        print(f"{chosen.host}:{chosen.port} cannot be listened on. Choose another --port or --host.", file=sys.stderr)
    return 1
