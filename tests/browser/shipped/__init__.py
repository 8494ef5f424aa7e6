"""Browser tests on the workbench with the methods that it ships; the others do with methods that take no time."""
