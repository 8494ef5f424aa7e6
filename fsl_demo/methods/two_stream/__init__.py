"""Two streams that attend to each other: matching of picture and text, and masked words."""

from fsl_demo.methods.two_stream.method import TwoStream

__all__ = ["TwoStream"]
