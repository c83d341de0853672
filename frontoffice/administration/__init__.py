"""Administration: the settings of an office, on pages and in a file, by the same steps."""
