"""Source distributions into wheels: fetched, checked, built in parallel, kept."""
