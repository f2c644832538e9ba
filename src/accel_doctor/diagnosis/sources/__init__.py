"""Read what a source distribution says about its needs. Pure: nothing of the source is run."""
