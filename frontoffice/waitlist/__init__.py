"""The waiting list: wishes for earlier times, and freed times offered to them in the order of joining."""
