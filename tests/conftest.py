"""Every test runs in a process that is set up like the product's own."""

from __future__ import annotations

from fsl_demo import runtime

runtime.prepare("cpu")
