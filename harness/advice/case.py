"""A case: one statement that allowed what it should not have, among its like, with what legitimate callers asked."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from harness.advice.statements import Document, as_list
from harness.policy import MalformedPolicyDocument, parse_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.advice.rulings import Edits, Ruling
    from harness.policy import Policy, Request


@dataclass(frozen=True)
class Case:
    """A statement that allowed a leaking request.

    `edits` are those made so far, `policy` the policy as it is under them, `position` the statement's in it.
    `legitimate` are the rulings of controls, all of them allowed.
    """

    edits: Edits
    ruling: Ruling
    policy: Policy
    position: int
    legitimate: Sequence[Ruling]

    @property
    def request(self) -> Request:
        """Return the request that leaked."""
        return self.ruling.request

    @cached_property
    def document(self) -> Document:
        """Return the policy as JSON, its statements in a list."""
        document: Document = json.loads(self.policy.document)
        document["Statement"] = as_list(document["Statement"])
        return document

    @property
    def statement(self) -> Document:
        """Return the statement."""
        statement: Document = self.document["Statement"][self.position]
        return statement

    @cached_property
    def others(self) -> list[Document]:
        """Return the other statements of the policy."""
        return [stated for number, stated in enumerate(self.document["Statement"]) if number != self.position]

    @cached_property
    def dependents(self) -> list[Ruling]:
        """Return the legitimate rulings that would be denied without the statement: those for which it is there."""
        gone = self.edits.also(self.policy, self.parsed(self.without_statement()))
        return [ruling for ruling in self.legitimate if not gone.allow(ruling)]

    def stating(self, statement: Document) -> Document:
        """Return the policy with another statement in the place of this one."""
        edited = deepcopy(self.document)
        edited["Statement"][self.position] = statement
        return edited

    def without_statement(self) -> Document | None:
        """Return the policy without the statement, None where nothing is left of it."""
        return {**deepcopy(self.document), "Statement": deepcopy(self.others)} if self.others else None

    def parsed(self, document: Document | None) -> Policy | None:
        """Return a document as this policy; None for none. Raises MalformedPolicyDocument."""
        return None if document is None else parse_policy(document, kind=self.policy.kind, name=self.policy.name)

    def edited(self, document: Document | None) -> Edits | None:
        """Return the edits and this document in place of the policy; None for one that IAM would not take."""
        try:
            return self.edits.also(self.policy, self.parsed(document))
        except MalformedPolicyDocument:
            return None
