"""Temperatures and thresholds that a new checkpoint ships, measured on what it was not trained on."""
