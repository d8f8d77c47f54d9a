"""JSON that was sound, in which one value is another."""

import copy
import json
import random

__all__ = ["with_value"]


def _places(plain, path=()):
    """Yield the path to every value in nested lists and objects."""
    yield path
    inner = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for key, value in inner:
        yield from _places(value, (*path, key))


def with_value(sound, names, seed, value):
    """Return one of some plain values as JSON, in which one value is another, or a key is another of some names."""
    luck = random.Random(seed)
    plain = copy.deepcopy(luck.choice(sound))
    *path, last = luck.choice([path for path in _places(plain) if path])
    place = plain
    for key in path:
        place = place[key]
    if isinstance(place, dict) and luck.random() < 0.2:
        place[luck.choice(names)] = place.pop(last)
    else:
        place[last] = value
    return json.dumps(plain).encode()
