"""The schema as a file: `python -m gql_app.graphql_sdl write` makes `schema/schema.graphql`, `... check` checks it.

The check fails where the file is not what the code says, and where it breaks clients of the last release (the
last git tag): what goes must have been deprecated in a release before.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphql import (
    REMOVE,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    Visitor,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    parse,
    visit,
)

from gql_app.graphql.schema import ApiSchema
from gql_app.settings import Settings

ROOT = Path(__file__).parent.parent
SDL_FILE = Path("schema/schema.graphql")
WRITE, CHECK = "write", "check"


def render() -> str:
    """The SDL of the schema that the code makes."""
    return ApiSchema(Settings(_env_file=None)).as_str() + "\n"


def committed(root: Path = ROOT) -> str:
    """The SDL in the file."""
    return (root / SDL_FILE).read_text(encoding="utf-8")


def released(root: Path = ROOT) -> str | None:
    """The SDL of the last git tag; None where there is no tag, or no such file in it."""
    tag = _git(root, "describe", "--tags", "--abbrev=0")
    return None if tag is None else _git(root, "show", f"{tag.strip()}:{SDL_FILE.as_posix()}")


def breaking_changes(old: str, new: str) -> list[str]:
    """What in `new` breaks clients of `old`, except that something is gone which `old` calls deprecated."""
    return [change.description for change in find_breaking_changes(_without_deprecated(old), build_schema(new))]


def complaints(root: Path = ROOT) -> list[str]:
    """Everything that the check finds."""
    current = render()
    found = []
    if committed(root) != current:
        found.append(f"{SDL_FILE} is not up to date: run `python -m gql_app.graphql_sdl {WRITE}`")
    if (old := released(root)) is not None:
        found += [f"breaks clients of the last release: {change}" for change in breaking_changes(old, current)]
    return found


def main(arguments: Sequence[str]) -> int:
    """Run one of the two commands; the exit status."""
    if list(arguments) == [WRITE]:
        (ROOT / SDL_FILE).write_text(render(), encoding="utf-8")
        return 0
    if list(arguments) == [CHECK]:
        found = complaints()
        sys.stderr.writelines(f"{complaint}\n" for complaint in found)
        return 1 if found else 0
    sys.stderr.write(f"usage: python -m gql_app.graphql_sdl {WRITE}|{CHECK}\n")
    return 2


def _without_deprecated(sdl: str) -> GraphQLSchema:
    """The schema without what is deprecated, and without the types that only that led to."""
    whole = build_ast_schema(visit(parse(sdl), _DeprecatedRemover()), assume_valid=True)
    reached_by_id = [
        kind for kind in whole.type_map.values() if isinstance(kind, GraphQLObjectType) and kind.interfaces
    ]
    return GraphQLSchema(
        query=whole.query_type,
        mutation=whole.mutation_type,
        subscription=whole.subscription_type,
        types=reached_by_id,
        directives=whole.directives,
        assume_valid=True,
    )


class _DeprecatedRemover(Visitor):
    def enter(self, node: Node, *_: Any) -> Any:
        directives = getattr(node, "directives", None) or ()
        return REMOVE if any(directive.name.value == "deprecated" for directive in directives) else None


def _git(root: Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    done = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 (no input of others)
    return done.stdout if done.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
