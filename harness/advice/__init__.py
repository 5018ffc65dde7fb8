"""What to do about a leak: the weakness it looks like, the sound configuration, and an edit that was tried.

An edit is shown only after the policy engine has decided again: the leaking request has to be denied, and every
request of a control that was allowed has to stay so. What goes in are decisions with their policies
(`rulings.Ruling`), whatever target took them.
"""

from harness.advice.rulings import Ruling
from harness.advice.search import Advice, Fix, advise

__all__ = ["Advice", "Fix", "Ruling", "advise"]
