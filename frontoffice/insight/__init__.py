"""Statistics, the promise of days, and what is stored about a person."""
