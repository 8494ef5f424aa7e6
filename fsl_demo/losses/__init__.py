"""One short file a loss."""
