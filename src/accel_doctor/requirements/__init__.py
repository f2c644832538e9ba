"""Read pip's argument line, files and configuration into an InstallRequest. Pure."""
