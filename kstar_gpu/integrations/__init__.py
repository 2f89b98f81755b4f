"""k* inside other libraries."""
