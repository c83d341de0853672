"""The fair draw: requests are collected for a time, then drawn, as an alternative to first come, first served."""
