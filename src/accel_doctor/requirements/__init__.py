"""What the user asked for: pip's argument line, files and configuration read into an InstallRequest. Pure."""
