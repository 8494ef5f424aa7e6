"""What methods share: spaces, class means, calibration, prompts, explanations."""
