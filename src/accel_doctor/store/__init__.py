"""Everything kept between runs: wheels, sources, locks, environments and logs."""
