"""The simulation of a release: the same seed gives the same result, and the draw is what people gain from."""

from benchmarks import release


def shares(seed: int) -> dict[str, str]:
    lines = list(release.play(seed, requests=200, slots=20))[2:]
    return {line[:44].strip(): line[44:].split()[0] for line in lines}


def test_the_same_seed_gives_the_same_result_and_another_one_another() -> None:
    first = shares(1)
    assert shares(1) == first
    assert shares(2) != first


def test_bots_that_are_quick_gain_nothing_in_a_draw() -> None:
    found = {name: int(number) for name, number in shares(1).items()}
    assert found["first come, first served"] == 0
    assert found["fair draw: one request for each person"] > found["draw without limits (lottery only)"] > 0
