"""What page, command line and API all call. It knows methods, not the store, the page or the command line."""
