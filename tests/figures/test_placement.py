"""Names stand beside their marks, on nothing, inside."""

import numpy as np

from genharness.figures import placement
from genharness.figures.placement import Box, place_labels

RADII, WAYS, option = placement._RADII, placement._DIRECTIONS, placement._option


def test_names_without_room_are_left_out_and_those_that_come_first_are_named():
    marks, area = [(300.0, 200.0 + place / 10) for place in range(40)], Box(0, 0, 600, 400)
    labels = place_labels(marks, [140.0] * 40, [], area, first=[39])
    boxes = []
    for label in filter(None, labels):
        left = label.x - {"start": 0, "middle": 70, "end": 140}[label.anchor]
        boxes.append(Box(left, label.y - 10, left + 140, label.y + 2))
    assert not any(a.overlap(b) for place, a in enumerate(boxes) for b in boxes[:place])
    assert labels[39] is not None
    assert labels[0] is not None
    assert 4 <= len(boxes) < 40


def test_names_stand_where_trying_every_place_on_all_that_is_there_would_put_them(monkeypatch):
    draw = np.random.default_rng(0)
    marks = [(float(x), float(y)) for x, y in draw.uniform(0, 500, (60, 2))]
    widths = [float(one) for one in draw.uniform(10, 120, 60)]
    taken = [Box(x, y, x + 90, y + 4) for x, y in draw.uniform(0, 500, (30, 2))]
    area = Box(0, 0, 520, 420)

    def by_trying_all(mark, width, taken, area):
        options = [placement._option(mark, width, radius, way) for radius in RADII for way in WAYS]
        prices = [radius for radius in RADII for _ in WAYS]

        def cost(place):
            box = options[place][1]
            return prices[place] + 100 * sum(one.overlap(box) for one in taken) + (0 if area.holds(box) else 1000)

        return options[min(range(len(options)), key=cost)]

    found = place_labels(marks, widths, taken, area)
    monkeypatch.setattr(placement, "_best", by_trying_all)
    assert found == place_labels(marks, widths, taken, area)
    assert 5 < sum(label is not None for label in found) < 60


def test_a_name_with_room_beside_its_mark_is_tried_nowhere_else(monkeypatch):
    tried = []
    monkeypatch.setattr(placement, "_option", lambda *place: tried.append(place) or option(*place))
    assert place_labels([(100.0, 100.0)], [50.0], [], Box(0, 0, 600, 400))[0].x == 110
    assert len(tried) <= 2


def test_no_name_stands_on_the_numbers_of_an_axis():
    marks, numbers = [(50.0, 100.0 + 9 * place) for place in range(8)], Box(10, 60, 38, 240)
    labels = place_labels(marks, [70.0] * 8, [], Box(2, 16, 140, 300), texts=[numbers])
    for label in filter(None, labels):
        left = label.x - {"start": 0, "middle": 35, "end": 70}[label.anchor]
        assert not Box(left, label.y - 10, left + 70, label.y + 2).overlap(numbers)
