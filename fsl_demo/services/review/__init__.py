"""Reviewing a collection: which picture comes next, what a classifier would say of it, and what people disagree on."""
