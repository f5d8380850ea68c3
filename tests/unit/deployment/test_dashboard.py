"""serving/grafana: the committed dashboard is what the script writes, and its panels can be seen.

That its queries give something is shown by tests/integration/test_prometheus.py.
"""

from __future__ import annotations

import json
import runpy
from itertools import combinations
from typing import Any

from tests.unit.deployment.deployment_files import ROOT

FOLDER = ROOT / "serving" / "grafana"
COMMITTED = (FOLDER / "dashboards" / "paddle_ner.json").read_text("utf-8")


def panels() -> list[dict[str, Any]]:
    return [inner for panel in json.loads(COMMITTED)["panels"] for inner in (panel, *panel.get("panels", []))]


def test_the_committed_dashboard_is_what_the_script_writes() -> None:
    script = runpy.run_path(str(FOLDER / "dashboard.py"), run_name="dashboard")
    assert script["render"]() == COMMITTED, "run: python serving/grafana/dashboard.py"


def test_no_panel_covers_another_or_reaches_out_of_the_page() -> None:
    places = [panel["gridPos"] for panel in panels()]
    assert all(one["x"] >= 0 and one["x"] + one["w"] <= 24 for one in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_numbers_of_panels_are_unique_and_every_query_asks_the_chosen_source() -> None:
    numbers = [panel["id"] for panel in panels()]
    assert len(numbers) == len(set(numbers))
    sources = [target["datasource"] for panel in panels() for target in panel.get("targets", [])]
    assert sources and all(source == {"type": "prometheus", "uid": "${source}"} for source in sources)
