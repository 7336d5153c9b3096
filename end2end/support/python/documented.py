"""The operations that `docs/operations.md` says there are."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[3] / "docs" / "operations.md"


def operations():
    """Pairs of service and operation, as botocore names them, in the page's order."""
    found, service, count = [], None, 0
    for line in PAGE.read_text().splitlines():
        heading = re.match(r"^## (\w+) \((\d+)\)$", line)
        row = re.match(r"^\| (\w+) \|", line)
        if heading:
            service, count = heading[1].lower(), count + int(heading[2])
        elif line.startswith("## "):
            service = None
        elif row and service and row[1] != "operation":
            found.append((service, row[1]))
    # A page of another form must not look like one of nothing.
    assert found and len(found) == count, f"{len(found)} operations read, {count} announced"
    return found
