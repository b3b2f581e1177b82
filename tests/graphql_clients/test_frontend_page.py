"""The scripts and the configuration of docs/frontend.md, run by Node.js against a served API."""

import json
from pathlib import Path

from tests.graphql_clients.test_graphql_clients import FOLDER, SDL, TENANT, _installed, address, run
from tests.pages import blocks

__all__ = ["_installed", "address"]  # fixtures


async def test_every_script_runs(tmp_path: Path, address: str) -> None:
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    printed = []
    for number, block in enumerate(blocks("frontend.md", "js")):
        script = tmp_path / f"script{number}.mjs"
        script.write_text(block.code.replace("127.0.0.1:8000", address).replace("tenant_d", TENANT))
        printed.append((await run("node", script, cwd=tmp_path)).strip())
    assert printed == ["5", "0"]


async def test_the_configuration_makes_types(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(FOLDER / "node_modules")
    (config,) = blocks("frontend.md", "json", chapter="Code generation")
    served = json.loads(config.code)["schema"]
    (tmp_path / "codegen.json").write_text(config.code.replace(served, str(SDL)))
    (tmp_path / "src").mkdir()
    for number, block in enumerate(blocks("frontend.md", "graphql")):
        (tmp_path / "src" / f"page{number}.graphql").write_text(block.code)
    await run(FOLDER / "node_modules" / ".bin" / "graphql-codegen", "--config", "codegen.json", cwd=tmp_path)
    assert "export type OverviewQuery" in (tmp_path / "src" / "made" / "graphql.ts").read_text()
