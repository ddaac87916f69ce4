"""Which registry KServe asks, as ClusterRegistries and the flags say it."""

from registrar.planning.resolution import Candidate
from registrar.planning.serving import kserve_obstacle, kserve_rivals
from registrar.settings import FROM_FLAGS

A, B, C = "ClusterRegistry/a", "ClusterRegistry/b", "ClusterRegistry/c"
FLAGS = {FROM_FLAGS: Candidate("http://flags:8080")}


def candidate(name: str, *, marked: bool = False, url: str | None = None) -> Candidate:
    return Candidate(f"http://{name}:8080" if url is None else url, serves_kserve=marked)


def asked(candidates: dict[str, Candidate], *names: str) -> list[bool]:
    """Whether KServe asks each of the registries at these hosts."""
    return [kserve_obstacle(f"http://{name}:8080", candidates) is None for name in names]


def test_without_a_mark_it_is_the_registry_of_the_flags() -> None:
    others = {A: candidate("a"), B: candidate("flags", url="http://FLAGS:8080/")}
    assert asked({**FLAGS, **others}, "flags", "a") == [True, False]
    assert asked(others, "flags", "a") == [False, False]


def test_a_mark_counts_for_the_registry_and_excludes_that_of_the_flags() -> None:
    candidates = {**FLAGS, A: candidate("a", marked=True), B: candidate("b"), C: candidate("a")}
    assert asked(candidates, "a", "b", "flags") == [True, False, False]
    assert "ClusterRegistry a, which has spec.servesKServe" in str(kserve_obstacle("http://flags:8080", candidates))
    assert asked({**FLAGS, A: candidate("flags", marked=True)}, "flags") == [True]


def test_two_marks_exclude_each_other_unless_they_mean_one_registry() -> None:
    two = {**FLAGS, A: candidate("a", marked=True), B: candidate("b", marked=True), C: candidate("c")}
    assert asked(two, "a", "b", "c", "flags") == [False] * 4
    assert "ClusterRegistry a and ClusterRegistry b" in str(kserve_obstacle("http://a:8080", two))
    assert [kserve_rivals(name, two) for name in (A, B, C)] == [(B,), (A,), ()]
    one = {A: candidate("a", marked=True), B: candidate("a", marked=True, url="http://a:8080/api/model_registry")}
    assert asked(one, "a") == [True]
    assert kserve_rivals(A, one) == ()


def test_a_mark_without_an_address_may_mean_any_registry() -> None:
    candidates = {**FLAGS, A: candidate("a", marked=True, url=""), B: candidate("b", marked=True)}
    assert asked(candidates, "b", "flags") == [False, False]
    assert asked({**FLAGS, A: candidate("a", marked=True, url="")}, "flags") == [False]
