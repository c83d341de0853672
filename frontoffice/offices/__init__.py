"""Offices, their services, schedules, opening hours, closures and counters."""
