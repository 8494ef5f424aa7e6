"""The semantic dictionary as a method."""

from fsl_demo.methods.semantic_dictionary.method import SemanticDictionary

__all__ = ["SemanticDictionary"]
