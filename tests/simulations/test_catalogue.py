"""Every simulation by name, from small settings to files, and the figures from committed numbers."""

import json
import subprocess
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import pytest
from PIL import Image

from equipoise.common.errors import UnknownName
from equipoise.simulations import (
    SIMULATIONS,
    adaptive_margins,
    discrete_magan_report,
    mmd_flow,
    particles,
    ring_over_time,
    simulate,
    two_parameter_mmd_report,
)
from equipoise.simulations.report import write_figure

pytestmark = pytest.mark.lengthy

SMALL = {
    "two-parameter-mmd": two_parameter_mmd_report.PhaseSettings(
        grid=4,
        start_columns=2,
        start_rows=2,
        repulsions=(1.0,),
        bandwidths=(0.5,),
        rate_ratios=(),
        samples=2,
        sample_size=50,
    ),
    "discrete-magan": discrete_magan_report.DiscreteSettings(runs=3, atoms=4, total_steps=100, pairs=20),
    "adaptive-margins": adaptive_margins.AdaptiveSettings(
        runs=3, atoms=4, epoch_steps=5, epochs=4, start_columns=2, start_rows=2, flow_epochs=3, flow_steps=3
    ),
    "score-particles": particles.ParticleSettings(discriminator_steps=20, generator_steps=10, repetitions=2),
    "mmd-flow": mmd_flow.FlowSettings(particles=12, steps=2),
    "ring-over-time": ring_over_time.RingSettings(iterations=(1, 3), samples=100),
}
RESULTS = Path(__file__).parents[2] / "results" / "simulations"


@pytest.mark.parametrize("name", SIMULATIONS)
def test_a_simulation_writes_its_numbers_and_its_figure(name, tmp_path):
    data, picture = SIMULATIONS.load(name)(tmp_path, SMALL[name])
    results = json.loads(data.read_text())
    assert results["simulation"] == name
    assert results["parameters"] == json.loads(json.dumps(asdict(SMALL[name])))
    assert set(results["versions"]) == {"commit", "equipoise", "python", "torch", "numpy", "matplotlib"}
    with Image.open(picture) as image:
        assert image.width > 390


@pytest.mark.parametrize("module", [discrete_magan_report, particles, ring_over_time], ids=lambda module: module.NAME)
def test_the_numbers_depend_on_the_settings_alone(module):
    assert module.compute(SMALL[module.NAME]) == module.compute(SMALL[module.NAME])


@pytest.mark.parametrize("name", SIMULATIONS)
def test_committed_numbers_were_computed_with_the_defaults_and_can_be_drawn(name, tmp_path):
    results = json.loads((RESULTS / f"{name}.json").read_text())
    module = import_module(SIMULATIONS.load(name).__module__)
    assert results["parameters"] == json.loads(json.dumps(asdict(type(SMALL[name])())))
    write_figure(tmp_path / "drawn.png", module.draw, results)
    with Image.open(tmp_path / "drawn.png") as image:
        assert len(image.convert("RGB").getcolors(1 << 24)) > 5


def test_an_unknown_name_offers_the_nearest(tmp_path):
    with pytest.raises(UnknownName, match="did you mean 'discrete-magan'"):
        simulate("discrete-magen", tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_table_is_read_without_torch():
    code = "import sys, equipoise.simulations; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
