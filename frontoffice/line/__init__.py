"""Arrivals, tickets, the order of the line, calling and the board."""
