"""The package managers: their names, what each accepts, how each is queried and run."""
