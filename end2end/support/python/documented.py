"""The operations that `docs/operations.md` says there are."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "operations.md"


def operations():
    """Pairs of service and operation, as botocore names them, in the page's order."""
    found, service = [], None
    for line in PAGE.read_text().splitlines():
        heading = re.match(r"^## (\w+) \(\d+\)$", line)
        if heading:
            service = heading[1].lower()
        elif line.startswith("- ") and service:
            found.append((service, line[2:].strip()))
    return found
