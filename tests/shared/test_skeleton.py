import pytest
from retake.shared.skeleton import HUMAN36M, MPI_INF_3DHP, SKELETONS, Skeleton

BOTH = pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)


def test_human36m_has_the_thirteen_triplets_of_algorithm_1():
    assert len(HUMAN36M.triplets) == 13
    assert set(HUMAN36M.triplets) == {
        (0, 1, 2),
        (1, 2, 3),
        (0, 4, 5),
        (4, 5, 6),
        (0, 7, 8),
        (7, 8, 9),
        (7, 8, 11),
        (7, 8, 14),
        (8, 9, 10),
        (8, 11, 12),
        (11, 12, 13),
        (8, 14, 15),
        (14, 15, 16),
    }


def test_mpi_inf_3dhp_has_thirteen_triplets_too():
    assert set(MPI_INF_3DHP.triplets) == {
        (14, 8, 9),
        (8, 9, 10),
        (14, 11, 12),
        (11, 12, 13),
        (14, 15, 1),
        (15, 1, 0),
        (15, 1, 2),
        (15, 1, 5),
        (15, 1, 16),
        (1, 2, 3),
        (2, 3, 4),
        (1, 5, 6),
        (5, 6, 7),
    }
    assert len(MPI_INF_3DHP.triplets) == 13


@BOTH
def test_triplets_come_root_first(skeleton: Skeleton):
    depths = [skeleton.levels[parent] for parent, _, _ in skeleton.triplets]
    assert depths == sorted(depths)


def joints_by_level(skeleton: Skeleton) -> list[list[int]]:
    return [[j for j, level in enumerate(skeleton.levels) if level == k] for k in range(6)]


def test_joints_lie_on_six_levels():
    assert joints_by_level(HUMAN36M) == [
        [0],
        [1, 4, 7],
        [2, 5, 8],
        [3, 6, 9, 11, 14],
        [10, 12, 15],
        [13, 16],
    ]
    assert joints_by_level(MPI_INF_3DHP) == [
        [14],
        [8, 11, 15],
        [1, 9, 12],
        [0, 2, 5, 10, 13, 16],
        [3, 6],
        [4, 7],
    ]


def test_the_root_of_mpi_inf_3dhp_is_joint_14_and_no_bone_ends_there():
    assert MPI_INF_3DHP.root == 14
    assert [child for _, child in MPI_INF_3DHP.bones] == [j for j in range(17) if j != 14]
    assert all(chain[0] == 14 for chain in MPI_INF_3DHP.chains)
    assert len(MPI_INF_3DHP.chains) == 6


@BOTH
def test_mirroring_twice_changes_nothing_and_keeps_the_tree(skeleton: Skeleton):
    mirror = skeleton.mirror
    assert [mirror[m] for m in mirror] == list(range(17))
    mapped = {(mirror[p], mirror[c]) for p, c in skeleton.bones}
    assert mapped == set(skeleton.bones)


@BOTH
def test_the_sides_are_those_that_the_names_say(skeleton: Skeleton):
    for left, right in zip(skeleton.left, skeleton.right, strict=True):
        assert skeleton.joints[left].startswith("left_")
        assert skeleton.joints[right] == skeleton.joints[left].replace("left_", "right_")
