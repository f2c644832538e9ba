"""Built wheels by build key."""
