"""Partners: who books for others, and systems that invite people to an appointment."""
