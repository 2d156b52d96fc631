"""The small ways with and without an optimisation do the same work; the large ones take minutes."""

from measurements.benchmarks import trick_ways


def test_an_iteration_with_a_pass_for_each_batch_can_be_timed_beside_ours() -> None:
    for way in trick_ways.one_pass_dense().values():
        way()
