"""From networks to features and labels."""
