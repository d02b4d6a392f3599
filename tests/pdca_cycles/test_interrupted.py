import numpy as np
import pytest
import statsmodels.api as sm

from cxlib.pdca_cycles.interrupted import AVERAGE, CORRELATIONS, SLOPE, STEP, design_of, fit_steps
from cxlib.pdca_cycles.power import shows

MONTHS = 12


def noise(kind, rng, series, count):
    """Series without effect: white, hanging together, with a season, with a trend."""
    drawn, time = rng.standard_normal((series, count)), np.arange(count)
    if kind == "AR(1)":
        for at in range(count):
            drawn[:, at] = 0.5 * drawn[:, at - 1] + drawn[:, at] if at else drawn[:, 0] / 0.75**0.5
    if kind == "season":
        drawn = drawn + 1.5 * np.cos(2 * np.pi * (time - 1) / 12)
    if kind == "trend":
        drawn = drawn + 0.1 * time
    return 10 + drawn


def detected(series, before):
    """The verdict's rule: the step stands out, and the chart shows it on the same side."""
    time = np.arange(series.shape[1])
    steps = fit_steps(series, time, time >= before)
    shown = shows(series[:, before - MONTHS : before], series[:, before:])
    agrees = np.where(steps.value > 0, shown[:, 0], shown[:, 1])
    return (steps.p < 0.05) & agrees


def judged(series, before):
    """The same, with the second look: where the slope changed, the mean effect since."""
    time = np.arange(series.shape[1])
    after = time >= before
    steps, slopes = (fit_steps(series, time, after, what) for what in (STEP, SLOPE))
    p, value = steps.p.copy(), steps.value.copy()
    if after.sum() > 3 and slopes is not None:
        average, bent = fit_steps(series, time, after, AVERAGE), slopes.p < 0.05
        p[bent], value[bent] = np.minimum(1, 2 * average.p[bent]), average.value[bent]
    shown = shows(series[:, before - MONTHS : before], series[:, before:])
    return (p < 0.05) & np.where(value > 0, shown[:, 0], shown[:, 1])


@pytest.mark.parametrize("after", [3, 6, 12])
@pytest.mark.parametrize("before", [24, 36])
def test_cycles_without_effect_are_seldom_said_to_have_one(before, after):
    """1,000 cycles, a quarter of each kind: at most 6% are judged improved or worsened."""
    rng = np.random.default_rng(1)
    kinds = ("white", "AR(1)", "season", "trend")
    called = [judged(noise(kind, rng, 250, before + after), before) for kind in kinds]
    assert np.mean(called) <= 0.06
    # No kind hides behind the others: four errors above 6%.
    assert max(np.mean(each) for each in called) <= 0.06 + 4 * np.sqrt(0.06 * 0.94 / 250)


@pytest.mark.parametrize("kind", ["white", "AR(1)"])
def test_the_interval_holds_a_planted_step(kind):
    """95% intervals of 200 steps; bound at four errors below."""
    rng, held = np.random.default_rng(2), 0
    series = noise(kind, rng, 200, 42)
    time = np.arange(42)
    for each in series:
        each[36:] += 1.7
        held += not fit_steps(each, time, time >= 36).estimate("", 42).excludes(1.7)
    assert held / 200 >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 200)


def test_each_correlation_is_generalised_least_squares():
    """Against statsmodels' GLS with the correlations written out, months missing."""
    rng = np.random.default_rng(3)
    time = np.delete(np.arange(40), [4, 5, 21])
    after = time >= 28
    values = rng.standard_normal(len(time)).cumsum()
    found = fit_steps(values, time, after)
    distance = np.abs(time[:, None] - time[None, :])
    for row, correlation in enumerate(CORRELATIONS[:-1]):
        sigma = correlation ** distance.astype(float)
        other = sm.GLS(values, design_of(time, after), sigma=sigma).fit()
        assert found.centre[row, 0] == pytest.approx(other.params[-1])
        assert found.error[row, 0] == pytest.approx(other.bse[-1])


def test_weights_follow_the_restricted_likelihood():
    """REML written out with determinants, up to a constant."""
    rng = np.random.default_rng(4)
    time = np.arange(30)
    after = time >= 20
    values = rng.standard_normal(30)
    found, x = fit_steps(values, time, after), design_of(time, after)
    logs = []
    for correlation in CORRELATIONS:
        sigma = correlation ** np.abs(time[:, None] - time[None, :]).astype(float)
        inverse = np.linalg.inv(sigma)
        inner = x.T @ inverse @ x
        left = values - x @ np.linalg.solve(inner, x.T @ inverse @ values)
        logs.append(
            -0.5 * np.linalg.slogdet(sigma)[1] - 0.5 * np.linalg.slogdet(inner)[1]
            - (30 - x.shape[1]) / 2 * np.log(left @ inverse @ left)
        )  # fmt: skip
    weight = np.exp(np.array(logs) - max(logs))
    assert found.weight[:, 0] == pytest.approx(weight / weight.sum())


def test_a_change_of_slope_is_told_beside_the_step():
    time = np.arange(48)
    after = time >= 36
    rng = np.random.default_rng(5)
    values = 0.02 * time + 0.3 * after + 0.2 * np.clip(time - 36, 0, None)
    slope = fit_steps(values + 0.05 * rng.standard_normal(48), time, after, SLOPE)
    assert slope.estimate("", 48).value == pytest.approx(0.2, abs=0.03)


def test_a_shock_to_both_scopes_is_none_of_the_change():
    """A step of 3 in both at once: alone it is called, against the control scope it is not."""
    rng = np.random.default_rng(6)
    time = np.arange(42)
    shock = 3.0 * (time >= 36)
    one, other = (noise("white", rng, 300, 42) + shock for _ in range(2))
    assert detected(one, 36).mean() > 0.8
    assert detected(one - other, 36).mean() <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    real = one + 4.0 * (time >= 36)
    steps = fit_steps(real - other, time, time >= 36)
    assert steps.value.mean() == pytest.approx(4.0, abs=0.25)


@pytest.mark.parametrize(
    ("count", "before"), [(6, 4), (12, 12), (12, 0)], ids=["too short", "none after", "none before"]
)
def test_what_cannot_be_told_is_not(count, before):
    time = np.arange(count)
    assert fit_steps(np.arange(count, dtype=float), time, time >= before) is None


def test_a_constant_series_has_no_step():
    time = np.arange(40)
    steps = fit_steps(np.full(40, 7.0), time, time >= 30)
    assert steps.p[0] == 1.0
    found = steps.estimate("", 40)
    assert found.value == pytest.approx(0, abs=1e-9)
    assert not found.excludes(0)


def test_scaling_and_mirroring_a_series_scales_and_mirrors_the_step():
    rng = np.random.default_rng(7)
    time = np.arange(40)
    values = rng.standard_normal(40)
    one = fit_steps(values, time, time >= 30).estimate("", 40)
    other = fit_steps(-1_000 * values + 5, time, time >= 30).estimate("", 40)
    assert other.value == pytest.approx(-1_000 * one.value)
    assert (other.low, other.high) == pytest.approx((-1_000 * one.high, -1_000 * one.low))
