"""What every answer tells a browser: who may frame it, what it may load, and that nothing is told further.

Whatever an answer says itself stands; what it does not say is added.
"""

from collections.abc import Collection, Sequence

Header = tuple[bytes, bytes]
POLICY = b"content-security-policy"
NOBODY = "'none'"
PROGRAMS = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'"
"""Of the service, which has no page but a card: from where an answer is looked at, the service alone can be asked."""
NOT_KEPT = (
    b"cache-control",
    b"no-store",
)  # of an answer with figures of customers, by browsers and what is before them
ALWAYS: Sequence[Header] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # an address holds a what-if
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def guarded(given: Sequence[Header], policy: str, framed_by: Collection[str] = ()) -> list[Header]:
    """The headers of an answer with those that are missing. ``policy``: what it may load, if it does not say so itself;
    ``framed_by``: the origins that may show it in a frame, ``'self'`` among them, or none may."""
    own = [value.decode("latin-1") for name, value in given if name.lower() == POLICY] or [policy]
    ancestors = f"frame-ancestors {' '.join(framed_by) or NOBODY}"
    policies = [each if "frame-ancestors" in each else f"{each}; {ancestors}" for each in own]
    names = {name.lower() for name, _ in given}
    kept = [each for each in given if each[0].lower() != POLICY]
    frame = (b"x-frame-options", b"SAMEORIGIN" if framed_by else b"DENY")
    elsewhere = set(framed_by) - {"'self'"}  # which that header has no word for
    added = [each for each in (*ALWAYS, *([] if elsewhere else [frame])) if each[0] not in names]
    return [*kept, *((POLICY, each.encode("latin-1")) for each in policies), *added]
