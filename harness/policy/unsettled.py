"""The choices this engine makes where AWS's documentation is silent or contradicts itself.

Each constant holds, in a sentence, the choice and why. A decision that rests on one carries the constant's name in
`Explanation.unsettled`. Several follow one rule, called generous reading below: of two possible readings an Allow takes
the one that applies to more requests and a Deny the one that applies to fewer, so that a leak is never hidden.
"""

from typing import Final

FOR_ANY_VALUE_NEGATED_ABSENT: Final = (
    "ForAnyValue with a negated operator is false for an absent key, because no request value is there to satisfy it."
)
FOR_ANY_VALUE_IF_EXISTS_ABSENT: Final = (
    "ForAnyValue with IfExists is false for an absent key, as observed on AWS, against the text on IfExists."
)
FOR_ANY_VALUE_NEGATED_SEVERAL: Final = (
    "ForAnyValue with a negated operator and several policy values asks for one request value that matches none "
    "of them, because the page on several values calls negated operators a NOR."
)
EMPTY_LIST: Final = (
    "A key that holds an empty list of values counts as absent, because AWS speaks of keys that resolve to a null "
    "data set."
)
EMPTY_STRING_FOR_ALL_VALUES: Final = (
    "ForAllValues over one empty string holds in an Allow and is compared as usual in a Deny: an older page calls "
    "an empty string an empty data set, a newer one does not, and this reading cannot hide a leak."
)
EMPTY_STRING_VARIABLE: Final = (
    "A variable whose key holds an empty string is replaced by it where that makes a leak visible, and counts as "
    "having no value elsewhere (the generous reading), because the page on variables speaks only of absent and "
    "null values."
)
SEVERAL_VALUES_WITHOUT_SET_OPERATOR: Final = (
    "An operator without ForAllValues or ForAnyValue does not match a key with several values, negated or not, "
    "because the documentation demands a set operator and a talk by AWS confirms that there is no match."
)
WILDCARDS_IN_VARIABLE_VALUES: Final = (
    "A * or ? inside the value of a variable is compared literally, because otherwise a tag value could widen a policy."
)
VARIABLE_WITHOUT_VALUE_IN_NOT_RESOURCE: Final = (
    "A NotResource entry whose variable has no value excludes nothing in an Allow and everything in a Deny (the "
    "generous reading), because the text and other engines disagree."
)
VARIABLE_IN_BOOL: Final = (
    "A variable in a Bool condition is resolved in an Allow and left as text in a Deny (the generous reading), "
    "because the pages on operators and on variables contradict each other."
)
VARIABLE_BEFORE_FIFTH_COLON: Final = (
    "A variable before the fifth colon of a resource is resolved where that makes a leak visible and left as text "
    "elsewhere (the generous reading), because the documentation allows variables only after that colon."
)
BARE_IPV6_ADDRESS: Final = (
    "A bare IPv6 address in a policy means /128, because a bare IPv4 address is documented to mean /32."
)
ARN_LIKE_SINGLE_STAR: Final = (
    "A lone * as an ARN pattern matches every value where that makes a leak visible and none elsewhere (the "
    "generous reading), because it has no six parts to compare."
)
UNQUOTED_VALUES: Final = (
    "Booleans and numbers may stand unquoted as condition values, because AWS's own examples write them both ways."
)
MALFORMED_TYPED_VALUE: Final = (
    "A number, date, address, Boolean or base64 text that cannot be read makes its comparison false, negated or "
    "not, and a Deny that rests on one says so."
)
FOUR_DIGITS_ARE_A_YEAR: Final = (
    "Four digits in a Date condition are a year, because that is the first W3C format; every other number is an epoch."
)
EVERYBODY_IS_NOT_LIMITED: Final = (
    "A resource policy that grants to * in its own account is not limited by a silent boundary or session policy, "
    "because the page on principals says so for * with aws:PrincipalArn and the wider reading cannot hide a leak."
)
NOT_PRINCIPAL_EXEMPTS_BY_ANY_ARN: Final = (
    "NotPrincipal exempts a caller when the user, role or session ARN is listed, even without the account that "
    "AWS asks to list too, because a Deny that applies to fewer callers cannot hide a leak."
)
STAR_UNDER_FEDERATED_OR_SERVICE: Final = (
    "A * under Federated or Service in a Principal element means every identity provider or every service, because "
    "the documentation describes * under AWS only and the wider reading cannot hide a leak."
)
RESOURCE_WILDCARD_CROSSES_COLONS: Final = (
    "A * in a resource also matches colons, because object keys may hold them and a trailing * is documented to "
    "cross them."
)
DENIAL_REPORTED_FIRST: Final = (
    "When several kinds of policy deny, the kind named is the first of RCP, SCP, resource or trust, identity, "
    "boundary and session, because AWS names only one and evaluates in this order."
)
