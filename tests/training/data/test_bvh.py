"""BVH: hierarchy and channels walked down, names of common skeletons, axes and units."""

import os
from pathlib import Path

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.bones import decompose
from retake.shared.errors import RetakeError
from retake.shared.skeleton import HUMAN36M
from retake.training.data import bvh
from retake.training.data.bvh_file import Bvh, read_bvh
from retake.training.data.motion_set import MotionSet
from retake.training.mocap import MocapSet

SHARED = Path(os.environ.get("RETAKE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))

LEG = [("UpLeg", (10, -5, 0)), ("Leg", (0, -45, 0)), ("Foot", (0, -44, 0))]
ARM = [("Arm", (18, 0, 0)), ("ForeArm", (28, 0, 0)), ("Hand", (25, 0, 0))]


def chain(side: str, bones: list[tuple[str, tuple[int, int, int]]], depth: int) -> str:
    """Nested joints of one limb; the right side is the left's mirror image."""
    text, pad = "", "  " * depth
    for number, (name, (x, y, z)) in enumerate(bones):
        space = pad + "  " * number
        x = x if side == "Left" else -x
        text += f"{space}JOINT {side}{name}\n{space}{{\n{space} OFFSET {x} {y} {z}\n"
        text += f"{space} CHANNELS 3 Zrotation Yrotation Xrotation\n"
    text += f"{pad}      End Site\n{pad}      {{\n{pad}       OFFSET 0 -5 0\n{pad}      }}\n"
    return text + "".join(pad + "  " * n + "}\n" for n in reversed(range(len(bones))))


def figure(values: Floats, seconds: float = 0.02) -> str:
    """A standing figure in centimetres, y up, facing z, its arms stretched out."""
    head = "  JOINT Neck\n  {\n   OFFSET 0 50 0\n   CHANNELS 3 Zrotation Yrotation Xrotation\n"
    head += "   JOINT Head\n   {\n    OFFSET 0 9 0\n"
    head += "    CHANNELS 3 Zrotation Yrotation Xrotation\n"
    head += "    End Site\n    {\n     OFFSET 0 15 0\n    }\n   }\n"
    head += chain("Left", ARM, 2) + chain("Right", ARM, 2) + "  }\n"
    rows = "\n".join(" ".join(f"{v:.6f}" for v in row) for row in values)
    return (
        "HIERARCHY\nROOT Hips\n{\n OFFSET 0 0 0\n"
        " CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation\n"
        + chain("Left", LEG, 1)
        + chain("Right", LEG, 1)
        + head
        + f"}}\nMOTION\nFrames: {len(values)}\nFrame Time: {seconds}\n{rows}\n"
    )


CHANNELS = 6 + 3 * (3 + 3 + 2 + 3 + 3)


def standing(frames: int = 4) -> Floats:
    values = np.zeros((frames, CHANNELS))
    values[:, 1] = 95
    return values


@pytest.fixture
def parsed(tmp_path: Path) -> Bvh:
    (tmp_path / "x.bvh").write_text(figure(standing()))
    return read_bvh(tmp_path / "x.bvh")


def test_without_rotation_joints_stand_where_the_offsets_say(parsed: Bvh):
    world = bvh.motion(parsed, bvh.Settings(unit=0.01))
    rest = world[0] - world[0, :1]
    np.testing.assert_allclose(rest[4], [0.1, 0, 0], atol=1e-9)  # left hip
    np.testing.assert_allclose(rest[3], [-0.1, -0.89, 0], atol=1e-9)  # right foot
    np.testing.assert_allclose(rest[8], [0, 0.55, 0], atol=1e-9)
    np.testing.assert_allclose(rest[7], rest[8] * bvh.SPINE_PART, atol=1e-9)
    np.testing.assert_allclose(rest[13], [0.71, 0.55, 0], atol=1e-9)  # left wrist
    np.testing.assert_allclose(rest[9], [0, 0.64 + bvh.FACE_UP, bvh.FACE_FORWARD], atol=1e-9)


def test_rotations_turn_all_below_in_the_order_written(tmp_path: Path):
    values = standing(3)
    arm = 6 + 3 * (3 + 3 + 2)
    values[1, arm] = 90  # about z: the stretched left arm points up
    values[2, arm : arm + 2] = 90, 90  # z, then y in the turned frame: forward
    (tmp_path / "x.bvh").write_text(figure(values))
    world = bvh.motion(read_bvh(tmp_path / "x.bvh"), bvh.Settings(unit=0.01))
    hand = world[:, 13] - world[:, 11]
    np.testing.assert_allclose(hand, [[0.53, 0, 0], [0, 0.53, 0], [0, 0, -0.53]], atol=1e-6)
    lengths, _ = decompose(world, HUMAN36M)
    np.testing.assert_allclose(lengths, np.broadcast_to(lengths[:1], lengths.shape), atol=1e-6)


def test_a_body_without_unit_has_a_plausible_size(tmp_path: Path):
    heights: list[float] = []
    for number, unit in enumerate((1.0, 37.0)):
        values = standing()
        values[:, :3] *= unit
        text = figure(values)
        lines = [
            " ".join(
                [line.split("OFFSET")[0] + "OFFSET"]
                + [str(float(v) * unit) for v in line.split()[1:]]
            )
            if "OFFSET" in line
            else line
            for line in text.splitlines()
        ]
        (tmp_path / f"{number}.bvh").write_text("\n".join(lines))
        world = bvh.motion(read_bvh(tmp_path / f"{number}.bvh"), bvh.Settings())
        heights.append(float(world[0, 10, 1] - world[0, 3, 1]))
    assert heights[0] == pytest.approx(heights[1], rel=0.02)
    assert 1.4 < heights[0] < 1.8


def test_z_up_is_y_up_turned(tmp_path: Path):
    values = standing(2)
    (tmp_path / "y.bvh").write_text(figure(values))
    turned = values.copy()
    turned[:, :3] = turned[:, [0, 2, 1]]  # the way up is now the third
    turned[:, 5] = 90  # and so is the body
    (tmp_path / "z.bvh").write_text(figure(turned))
    one = bvh.motion(read_bvh(tmp_path / "y.bvh"), bvh.Settings(unit=0.01))
    two = bvh.motion(read_bvh(tmp_path / "z.bvh"), bvh.Settings(unit=0.01, up="z"))
    np.testing.assert_allclose(one, two, atol=1e-6)
    turned[:, 5] = -90
    (tmp_path / "w.bvh").write_text(figure(turned))
    upside_down = read_bvh(tmp_path / "w.bvh")
    with pytest.raises(RetakeError, match="below the feet"):
        bvh.motion(upside_down, bvh.Settings(unit=0.01, up="z"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mixamorig:LeftUpLeg", ("left", "upleg")),
        ("RightForeArm", ("right", "forearm")),
        ("lShldr", ("left", "shldr")),
        ("R_Knee", ("right", "knee")),
        ("thigh.L", ("left", "thigh")),
        ("upperarm_r", ("right", "upperarm")),
        ("Bip01_L_Calf", ("left", "calf")),
        ("LowerBack", ("", "lowerback")),
        ("neck_01", ("", "neck01")),
    ],
)
def test_names_lose_their_side_and_prefix(name: str, expected: tuple[str, str]):
    assert bvh.plain_name(name) == expected


def skeleton_names(pattern: str, *parts: str) -> list[str]:
    sides = [pattern.format(side=s, part=p) for p in parts for s in ("L", "R")]
    return ["Pelvis", "Neck", "Head", *sides]


@pytest.mark.parametrize(
    "names",
    [
        skeleton_names(
            "{side}_{part}",
            "Hip",
            "Knee",
            "Ankle",
            "Foot",
            "Collar",
            "Shoulder",
            "Elbow",
            "Wrist",
            "Hand",
        ),
        skeleton_names("{part}_{side}", "thigh", "calf", "foot", "upperarm", "lowerarm", "hand"),
    ],
    ids=["SMPL", "Unreal"],
)
def test_common_skeletons_are_recognised(names: list[str]):
    found = bvh.joint_indices(names)
    assert len(found) == 2 + 2 * 6
    assert len(set(found.values())) == len(found)
    if "L_Ankle" in names:
        assert names[found["left_foot"]] == "L_Ankle"
        assert names[found["right_wrist"]] == "R_Wrist"


def test_what_is_missing_is_named():
    with pytest.raises(RetakeError, match="recognised as the left knee"):
        bvh.joint_indices(["Hips", "LeftUpLeg", "RightUpLeg", "Neck", "Head"])


@pytest.mark.parametrize("cut", [0, 30, 400, 900, -40])
def test_half_a_file_is_refused(tmp_path: Path, cut: int):
    (tmp_path / "x.bvh").write_text(figure(standing())[:cut])
    with pytest.raises(RetakeError, match="not a whole BVH file"):
        read_bvh(tmp_path / "x.bvh")


def test_a_folder_becomes_a_set_and_strangers_are_listed(tmp_path: Path):
    for subject in ("anna", "bert"):
        (tmp_path / "in" / subject).mkdir(parents=True)
        (tmp_path / "in" / subject / "walk.bvh").write_text(figure(standing(), 1 / 25))
    (tmp_path / "in" / "broken.bvh").write_text("no")
    refused = bvh.prepare(tmp_path / "in", tmp_path / "out", bvh.Settings(test=("bert",)))
    data = MotionSet.open(tmp_path / "out")
    assert [(c.subject, c.split, c.frames) for c in data.clips] == [
        ("anna", "train", 7),
        ("bert", "test", 7),
    ]
    assert len(refused) == 1
    assert "broken.bvh" in refused[0]
    with pytest.raises(RetakeError, match=r"no \.bvh file"):
        bvh.prepare(tmp_path / "out", tmp_path / "other", bvh.Settings())


def test_a_real_take_agrees_with_its_other_conversion(tmp_path: Path):
    if not (SHARED / "bvh").is_dir():
        pytest.skip(f"the CMU takes are not in {SHARED}")
    bvh_motion = bvh.motion(read_bvh(SHARED / "bvh" / "walk_cmu12_01.bvh"), bvh.Settings())
    mocap = MocapSet.load(SHARED / "cmu17_val.npz")
    number = next(n for n, name in enumerate(mocap.names) if "12_01" in name)
    other = mocap.clip(number)
    shift = min(
        range(-8, 9),
        key=lambda s: _angle(bvh_motion[20 + s : 120 + s], other[20:120]),
    )
    assert _angle(bvh_motion[20 + shift : 120 + shift], other[20:120]) < 12


def _angle(a: Floats, b: Floats) -> float:
    """Mean angle in degrees between the limbs' directions."""
    limbs = [2, 3, 5, 6, 12, 13, 15, 16]
    cosine = (decompose(a, HUMAN36M)[1] * decompose(b, HUMAN36M)[1])[:, limbs].sum(-1)
    return float(np.degrees(np.arccos(cosine.clip(-1, 1))).mean())
