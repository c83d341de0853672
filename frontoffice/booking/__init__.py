"""Day sheets, free slots, holds and appointments."""
