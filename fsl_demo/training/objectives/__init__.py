"""What each training minimises, one file a kind, and how its figure is measured."""
