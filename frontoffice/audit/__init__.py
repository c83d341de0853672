"""The record of who saw or changed what: searching it, and its words."""
