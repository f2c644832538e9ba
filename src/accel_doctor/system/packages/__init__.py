"""The package managers: what each is called, what it accepts, how it is asked and driven."""
