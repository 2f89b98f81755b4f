"""From anything to checked tensors and classes."""
