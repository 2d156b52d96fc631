"""What torchrun's variables may say, and what is answered when they are not a whole set."""

import pytest

from equipoise.cli.main import main
from equipoise.common.errors import EquipoiseError
from equipoise.runs.processes import Launch, launched

WHOLE = {"WORLD_SIZE": "4", "RANK": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
LOCAL = {"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RESTART_COUNT": "1"}


def test_whole_sets_are_read() -> None:
    assert launched({}) == Launch(0, 1, 0, 1, 0)
    assert launched(WHOLE) == Launch(3, 4, 3, 4, 0)
    assert launched(WHOLE | LOCAL) == Launch(3, 4, 1, 2, 1)
    assert launched({"WORLD_SIZE": "1", "RANK": "0", "MASTER_ADDR": "elsewhere"}) == Launch(0, 1, 0, 1, 0)
    assert launched({"MASTER_PORT": "x", "MASTER_ADDR": ""}) == Launch(0, 1, 0, 1, 0)


@pytest.mark.parametrize("missing", ["RANK", "MASTER_ADDR", "MASTER_PORT", "WORLD_SIZE"])
def test_a_partial_set_is_named(missing: str) -> None:
    partial = {name: value for name, value in WHOLE.items() if name != missing}
    with pytest.raises(EquipoiseError, match=rf"{missing} is not set: start several processes by torchrun"):
        launched(partial)


@pytest.mark.parametrize("name", ["WORLD_SIZE", "RANK", "MASTER_PORT", *LOCAL])
@pytest.mark.parametrize("text", ["two", "", " 2", "-1", "2.0", "0x2", "²", "٣", "9" * 5000, "\x1b[31m"])
def test_what_is_no_whole_number_is_named(name: str, text: str) -> None:
    with pytest.raises(EquipoiseError, match=name) as refusal:
        launched(WHOLE | LOCAL | {name: text})
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "wrong",
    [
        {"RANK": "4"},
        {"WORLD_SIZE": "0"},
        {"WORLD_SIZE": "1"},
        {"LOCAL_RANK": "2"},
        {"LOCAL_WORLD_SIZE": "0"},
        {"LOCAL_WORLD_SIZE": "5"},
        {"MASTER_PORT": "0"},
        {"MASTER_PORT": "65536"},
    ],
)
def test_places_that_do_not_exist_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(EquipoiseError, match=r"do not fit together|must lie in"):
        launched(WHOLE | LOCAL | wrong)


@pytest.mark.parametrize(
    "variables", [{"WORLD_SIZE": "2"}, {"WORLD_SIZE": "two"}, {"RANK": "1"}, WHOLE | {"RANK": "9"}]
)
def test_the_command_says_so_in_one_sentence(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["train", "gan-digits", "--out", f"{tmp_path}/run", "--iterations", "1"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("address", ["256.1.1.1", "no-such-host.invalid"])
def test_a_meeting_place_that_is_none_is_named(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    for name, value in (WHOLE | {"RANK": "0", "MASTER_ADDR": address}).items():
        monkeypatch.setenv(name, value)
    assert main(["train", "gan-digits", "--out", f"{tmp_path}/run", "--iterations", "1"]) == 2
    assert "cannot connect at" in capsys.readouterr().err
