"""The ports over the real world."""
