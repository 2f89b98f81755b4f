"""What k* values say of classes."""
