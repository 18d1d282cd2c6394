from retake.shared.skeleton import HUMAN36M


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


def test_triplets_come_root_first():
    depths = [HUMAN36M.levels[parent] for parent, _, _ in HUMAN36M.triplets]
    assert depths == sorted(depths)


def test_joints_lie_on_six_levels():
    by_level = [[j for j, level in enumerate(HUMAN36M.levels) if level == k] for k in range(6)]
    assert by_level == [[0], [1, 4, 7], [2, 5, 8], [3, 6, 9, 11, 14], [10, 12, 15], [13, 16]]


def test_mirroring_twice_changes_nothing_and_keeps_the_tree():
    mirror = HUMAN36M.mirror
    assert [mirror[m] for m in mirror] == list(range(17))
    mapped = {(mirror[p], mirror[c]) for p, c in HUMAN36M.bones}
    assert mapped == set(HUMAN36M.bones)
