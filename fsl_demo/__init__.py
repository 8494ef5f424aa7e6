"""A few-shot image classification workbench: compare, explain, label, save, export."""

__version__ = "0.1.0"
