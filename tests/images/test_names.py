from genharness.images.names import first_of


def test_names_are_shown_on_one_line():
    assert first_of(["a\nb.png", "\u00fc c.png"]) == "a\\nb.png, \u00fc c.png"


def test_many_names_are_counted():
    assert first_of([str(place) for place in range(1234)], 2) == "0, 1 and 1,232 more"
