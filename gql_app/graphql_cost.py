"""What an operation costs, worked out before anything is read, from its selections, variables and page sizes.

Every object of the answer counts 1, every leaf nothing, unless the schema's `@cost` and `@listSize` say
otherwise (`schema/cost.py`). Fields are merged as in execution, so that what is asked for twice counts once; of
the types that an interface or union can be, the dearest counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    value_from_ast_untyped,
)
from graphql.language import BooleanValueNode, IntValueNode, NullValueNode, VariableNode
"""placeholder"""
