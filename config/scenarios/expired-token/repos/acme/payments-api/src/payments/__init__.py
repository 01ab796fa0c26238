"""Payment requests."""
