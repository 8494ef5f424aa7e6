"""Training: `run.run` trains one of `tasks/` with the one loop, and tells what happens as `events`.

Imports torch, accelerate and the parts of this project below it; no page, no store.
"""
