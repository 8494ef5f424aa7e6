"""CLIP-style models: their names, files, downloads and towers."""

from fsl_demo.backbones.clip.model import Clip

__all__ = ["Clip"]
