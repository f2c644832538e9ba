"""Build the pages with Sphinx, to see that each is well-formed and every link leads somewhere: ``nox -s docs``."""

import re

project = "accel-doctor"
extensions = ["myst_parser"]
myst_heading_anchors = 4  # links to headings, as GitHub names them
nitpicky = True


def setup(app):
    app.connect("source-read", _link_to_files_of_the_checkout)


def _link_to_files_of_the_checkout(app, page, source):
    """Link pages outside of docs/, such as CONTRIBUTING.md, as files: to Sphinx only its own are pages."""
    source[0] = re.sub(r"\]\(((?:\.\./)+[A-Z_]+\.md)[^)]*\)", r"](path:\1)", source[0])
