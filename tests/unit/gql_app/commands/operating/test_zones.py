"""The file of zones."""

from pathlib import Path

import pytest

from documents.cluster import Zone
from gql_app.commands.configuration import InvalidSettingsError
from gql_app.commands.operating.zones import read_zones
from tests.pages import blocks

GOOD = """
[zones.eu]
shards = ["shard-eu"]
tenants = ["acme"]

[zones.us]
shards = ["shard-us"]
default = true
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "zones.toml"
    path.write_text(text)
    return path


def test_the_page_shows_a_file_that_can_be_used(tmp_path: Path) -> None:
    (shown,) = blocks("scaling.md", "toml")
    assert [zone.name for zone in read_zones(written(tmp_path, shown.code))] == ["eu", "us"]


def test_zones_are_read(tmp_path: Path) -> None:
    eu, us = Zone("eu", ("shard-eu",), ("acme",)), Zone("us", ("shard-us",), (), is_default=True)
    assert read_zones(written(tmp_path, GOOD)) == [eu, us]
    assert read_zones(None) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (GOOD.replace("default = true", ""), "one zone, and no other, has to be the default"),
        (GOOD.replace("default = true", 'default = true\ntenants = ["acme"]'), "acme is named twice"),
        (GOOD.replace("tenants", "tenant"), "zones.eu.tenant"),
        (GOOD.replace('["shard-eu"]', "[]"), "zones.eu.shards"),
        ("[zones", "zones.toml: "),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(tmp_path: Path, text: str, found: str) -> None:
    with pytest.raises(InvalidSettingsError) as refusal:
        read_zones(written(tmp_path, text))
    assert found in str(refusal.value)
    assert "\n" not in str(refusal.value)
