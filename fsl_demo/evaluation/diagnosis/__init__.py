"""What is wrong with labelled pictures: numbers in, findings out. `services.diagnosis` puts it together."""
