"""Appointments, the line and reminders for immigration offices."""

__version__ = "0.1.0"
