"""CLIP-style models with weights that the user brings."""

from fsl_demo.methods.clip.method import ClipMethod

__all__ = ["ClipMethod"]
