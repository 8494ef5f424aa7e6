"""Studies, and the tuning of what is shipped: `python -m experiments STUDY`, `python -m experiments.tune`."""
