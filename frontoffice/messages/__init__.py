"""The outbox: texts for people, and the providers they leave through."""
