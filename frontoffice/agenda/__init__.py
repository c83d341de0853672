"""The staff's side of booking: the day, booking for others, closing days, and what no longer fits."""
