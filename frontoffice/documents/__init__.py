"""Documents: their ends that people want to be reminded of, and cards on their way to them."""
