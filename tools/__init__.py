"""What is needed to make Frontoffice, and not to run it."""
