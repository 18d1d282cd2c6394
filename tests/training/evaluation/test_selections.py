"""Selections among hypotheses: the authors' numbers, their order, what counts."""

from pathlib import Path

import numpy as np
import pytest
from retake.shared.npz import read_npz
from retake.training.evaluation import golden
from retake.training.evaluation.selections import selected_errors

FILE = Path(__file__).parents[2] / "data" / "golden_metrics.npz"
RNG = np.random.default_rng(0)
TRUTH = RNG.normal(size=(3, 6, 17, 3))
PREDICTED = TRUTH[:, None] + RNG.normal(0, 0.2, (3, 4, 6, 17, 3))
MISSES = RNG.random((3, 4, 6, 17))
ALL = np.ones((3, 6), bool)


def test_our_numbers_are_those_of_the_authors_code():
    found = golden.differences(read_npz(FILE, golden.NEEDED, "it"))
    assert {"J_best", "P_best", "P_agg", "J_agg", "p2_J_best", "p2_P_best", "p2_P_agg"} < set(found)
    assert {"p2_J_agg", "loss_pos", "loss_len", "loss_dir", "reproj", "bone_len"} < set(found)
    assert max(found.values()) < golden.TOLERANCE


def test_the_command_fails_where_a_number_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    arrays = dict(np.load(FILE))
    for change, code in ((0.0, 0), (2e-5, 1)):
        arrays["p2_J_agg"] = arrays["p2_J_agg"] + change
        np.savez(tmp_path / "g.npz", **arrays)
        monkeypatch.setattr("sys.argv", ["golden", str(tmp_path / "g.npz")])
        assert golden.main() == code
    assert "DIFFERS" in capsys.readouterr().out


def test_one_hypothesis_leaves_nothing_to_select():
    found = selected_errors(PREDICTED[:, :1], TRUTH, MISSES[:, :1], ALL, procrustes=False)
    assert len({round(value, 12) for value in found.values()}) == 1


@pytest.mark.parametrize("procrustes", [False, True])
def test_selections_are_ordered(procrustes: bool):
    found = selected_errors(PREDICTED, TRUTH, MISSES, ALL, procrustes)
    assert found["J-Best"] < found["P-Best"]
    assert found["J-Best"] <= found["J-Agg"]
    closest = np.linalg.norm(PREDICTED - TRUTH[:, None], axis=-1)
    perfect = selected_errors(PREDICTED, TRUTH, closest, ALL, procrustes=False)
    assert perfect["J-Agg"] == pytest.approx(perfect["J-Best"])


def test_frames_that_do_not_count_do_not_matter():
    counts = RNG.random((3, 6)) < 0.5
    broken = PREDICTED.copy()
    np.swapaxes(broken, 1, 2)[~counts] += 100
    one = selected_errors(PREDICTED, TRUTH, MISSES, counts, procrustes=False)
    assert selected_errors(broken, TRUTH, MISSES, counts, procrustes=False) == one


def test_p_best_takes_one_hypothesis_for_all_windows_together():
    one = selected_errors(PREDICTED, TRUTH, MISSES, ALL, procrustes=False)["P-Best"]
    each = [
        selected_errors(p[None], t[None], m[None], ALL[:1], procrustes=False)["P-Best"]
        for p, t, m in zip(PREDICTED, TRUTH, MISSES, strict=True)
    ]
    assert one >= np.mean(each)
