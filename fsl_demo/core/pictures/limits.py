"""How big a picture may be."""

MAX_BYTES = 20_000_000
MAX_PIXELS = 40_000_000
