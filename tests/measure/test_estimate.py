import math

import numpy as np
import pytest

from cxlib.measure import Estimate


def test_a_value_outside_its_interval_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="must hold"):
        Estimate(5, 1, 2, 10)


def test_an_estimate_without_interval_excludes_nothing():
    each = Estimate(1.0, math.nan, math.nan, 1)
    assert not each.has_interval
    assert not each.excludes(0)


def test_numbers_of_arrays_become_plain_floats():
    assert type(Estimate(np.float64(1), np.float64(0), np.float64(2), np.int64(3)).value) is float
