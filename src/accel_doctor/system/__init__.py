"""The machine: processes, distribution, interpreter, privilege, package managers, probes."""
