"""Build the site with Sphinx, every warning and every dead link an error: ``nox -s docs``."""

import posixpath
import re

project = "accel-doctor"
html_title = "accel-doctor"
html_theme = "furo"
smartquotes = False  # options begin with two hyphens
html_copy_source = False
html_use_index = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
extensions = ["myst_parser"]
myst_heading_anchors = 4  # links to headings, as GitHub names them
nitpicky = True
highlight_language = "text"  # where a block names none

linkcheck_timeout = 10
linkcheck_retries = 1
linkcheck_ignore = [r"https?://[\w.]*example\.(org|com)", r"https://accel-doctor\.readthedocs\.io/"]  # the site itself

# Files at the top of the checkout that are pages of the site, too.
PAGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md", "SECURITY.md": "security.md"}


def setup(app):
    app.connect("source-read", _link_to_files_of_the_checkout)


def _link_to_files_of_the_checkout(app, page, source):
    """Lead links out of docs/ to the page that includes the file, or to the file as it is."""

    def led(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), found[1]))
        if target in PAGES:
            return f"](/{PAGES[target]}{found[2]})"
        return found[0] if target.startswith("docs/") else f"](path:{found[1]})"

    source[0] = re.sub(r"\]\(((?:\.\./)+[\w./-]+)((?:#[\w-]+)?)\)", led, source[0])
