"""Accounts, roles, sign-in and devices."""
