"""The learning curve's picture."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from finextract.evaluation.curve import Point, picture


def test_the_picture_is_svg_with_a_line_a_label() -> None:
    points = [Point(n, label, 0.5 + n / 4000, 0.4, 0.95) for n in (500, 1000, 1500) for label in ("COMPANY", "ALL")]
    root = ET.fromstring(picture(points, "a < b"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == "a < b"
    assert len(root.findall(f"{space}polyline")) == 2
    heights = [float(c.get("cy", "")) for c in root.findall(f"{space}circle")[:3]]
    assert heights == sorted(heights, reverse=True)
