"""The command line: parse, assemble the real parts, call, render, exit code. Only here is anything printed."""
