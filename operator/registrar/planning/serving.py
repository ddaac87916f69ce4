"""Which registry KServe asks: its storage initializer is configured for one, and the operator cannot see for which.

So a ClusterRegistry says it. The registry counts, by its root URL, and not the connection: the same names in another
registry must never lead to an address.
"""

from __future__ import annotations

from collections.abc import Mapping

from registrar.api.registry_url import normalized_url
from registrar.planning.resolution import Candidate, described
from registrar.settings import FROM_FLAGS

KSERVE_FIELD = "spec.servesKServe"
NOT_MARKED = (
    f"KServe asks the one registry that its storage initializer is configured for, and no ClusterRegistry has "
    f"{KSERVE_FIELD}"
)


def kserve_obstacle(url: str, candidates: Mapping[str, Candidate]) -> str | None:
    """Return why KServe does not find the versions of a registry; None if it is the one that KServe asks.

    Without a mark that is the registry of the flags. An invalid ClusterRegistry, or one that is being deleted, still
    says what KServe asks: its mark means that no other registry is asked.

    Args:
        url: the root URL of the registry.
        candidates: the registries, by their names in the operator.
    """
    marked = _marked(candidates)
    if not marked:
        is_asked = FROM_FLAGS in candidates and normalized_url(candidates[FROM_FLAGS].url) == normalized_url(url)
        return None if is_asked else NOT_MARKED
    if len(set(marked.values())) > 1:
        return f"KServe asks one registry, and {_named(marked)} of different root URLs have {KSERVE_FIELD}"
    if normalized_url(url) in marked.values():
        return None
    return f"KServe asks the registry of {_named(marked)}, which has {KSERVE_FIELD}, and this is another one"


def kserve_rivals(name: str, candidates: Mapping[str, Candidate]) -> tuple[str, ...]:
    """Return the ClusterRegistries that say of another registry than this one does that KServe asks it."""
    marked = _marked(candidates)
    if name not in marked:
        return ()
    return tuple(other for other, url in marked.items() if url != marked[name])


def _marked(candidates: Mapping[str, Candidate]) -> dict[str, str]:
    """Return the normalised root URLs of the marked ones; one without an address may be any registry."""
    return {
        name: normalized_url(each.url) if each.url else name
        for name, each in sorted(candidates.items())
        if each.serves_kserve
    }


def _named(names: Mapping[str, str]) -> str:
    return " and ".join(map(described, names))
