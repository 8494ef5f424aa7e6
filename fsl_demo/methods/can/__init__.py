"""Cross Attention Network (Hou et al. 2019)."""

from fsl_demo.methods.can.method import Can, CanTransductive

__all__ = ["Can", "CanTransductive"]
