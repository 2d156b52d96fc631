"""What the demo says of its stories agrees with their scores."""

import pytest

from equipoise.studies.demo_stories import stories, verdict

HIGH, LOW, WIDE = [7.1, 7.2, 7.0], [3.6, 3.8, 3.4], [1.5, 7.5, 2.9]


@pytest.mark.parametrize(
    ("metric", "theirs", "answer"),
    [
        ("inception-score", [LOW], "better"),
        ("classifier-fid", [LOW], "worse"),
        ("inception-score", [WIDE], "no difference beyond chance"),
        ("inception-score", [HIGH], "no difference beyond chance"),
        ("inception-score", [LOW, WIDE], "better in 1 of 2 pairs, no difference beyond chance in 1 of 2 pairs"),
    ],
)
def test_the_answer_is_that_of_the_paired_test(metric: str, theirs: list[list[float]], answer: str) -> None:
    values = {"ours": HIGH} | {f"other {number}": each for number, each in enumerate(theirs)}
    found = verdict((metric,), {metric: values})
    assert found.answer == answer
    assert "ours has 7.10 ± 0.10" in found.figures


def test_each_metric_has_its_own_answer() -> None:
    values = {"ours": HIGH, "other": LOW}
    found = verdict(("inception-score", "classifier-fid"), {"inception-score": values, "classifier-fid": values})
    assert found.answer == "better by inception score, worse by classifier FID"


def test_one_seed_decides_nothing() -> None:
    found = verdict(("inception-score",), {"inception-score": {"ours": [7.0], "other": [1.0]}})
    assert found.answer == "no difference beyond chance"
    assert "one seed: no test" in found.figures


def test_the_groups_of_a_story_share_data_batches_latents_and_generator() -> None:
    for story in stories():
        first, *others = (
            (each.data, each.batch_size, each.latent, each.players["generator"]) for each in story.groups.values()
        )
        assert others
        assert all(other == first for other in others)
