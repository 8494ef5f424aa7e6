"""Training: one loop for all methods. Imports torch, accelerate and this project's own lower floors only."""
