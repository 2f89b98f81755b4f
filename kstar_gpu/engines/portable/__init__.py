"""The engine in plain torch."""
