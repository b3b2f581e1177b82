"""What schemathesis checks: whatever is asked, the answer is never a fault of ours. Loaded by schemathesis alone."""

from typing import Any

import schemathesis


@schemathesis.check  # type: ignore[untyped-decorator]  # not installed where the types are checked
def no_fault_of_ours(ctx: Any, response: Any, case: Any) -> None:
    """Refusals are fine and have a code; a 5xx, or `INTERNAL` in a GraphQL answer, is not."""
    assert response.status_code < 500, f"status {response.status_code}: {response.text[:500]}"
    if response.request.url.endswith("/graphql"):
        for error in response.json().get("errors", []):
            assert error["extensions"]["code"] != "INTERNAL", error
