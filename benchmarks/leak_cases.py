"""Small made tables with one trap each and innocent strong predictors beside it, and clean tables without a trap.

Half of the cases (`ASIDE`) were written before the rules and looked at only once the rules stood; the others (`OPEN`)
were there while the rules were made. Every table is drawn with its own seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

Draw = np.random.Generator


@dataclass(frozen=True)
class LeakCase:
    """A table, its target, the columns that leak it, and which of its columns are quality flags of which."""

    name: str
    frame: pd.DataFrame
    target: str
    leaks: frozenset[str]
    flags: dict[str, str] = field(default_factory=dict)


Built = tuple[pd.DataFrame, str, set[str]] | tuple[pd.DataFrame, str, set[str], dict[str, str]]
Maker = Callable[[Draw], Built]


def customers(draw: Draw, rows: int, share: float = 0.2) -> tuple[pd.DataFrame, pd.Series]:
    """Return honest columns of customers, and whether each leaves, which they explain in part."""
    frame = pd.DataFrame(
        {
            "age": draw.integers(18, 80, rows),
            "tenure_months": draw.gamma(2.0, 15, rows).round(),
            "plan": draw.choice(["basic", "plus", "family"], rows, p=[0.5, 0.3, 0.2]),
            "monthly_fee": draw.normal(42, 12, rows).round(2),
            "support_calls": draw.poisson(1.4, rows),
            "region": draw.choice(["north", "south", "east", "west"], rows),
        }
    )
    logit = 1.6 * frame["support_calls"] - 0.06 * frame["tenure_months"] + 1.5 * (frame["plan"] == "basic")
    logit += draw.normal(scale=0.8, size=rows)
    return frame, logit > np.quantile(logit, 1 - share)


def rivers(draw: Draw, rows: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return honest columns of daily weather, and a flow that they explain in part."""
    rain = np.where(draw.random(rows) < 0.55, 0.0, draw.gamma(0.9, 8.0, rows)).round(1)
    temperature = (10 + 9 * np.sin(np.arange(rows) / 58) + draw.normal(scale=2, size=rows)).round(1)
    wetness = np.zeros(rows)
    for row in range(1, rows):
        wetness[row] = 0.92 * wetness[row - 1] + rain[row]
    flow = (0.6 + 0.05 * wetness * np.exp(draw.normal(scale=0.25, size=rows))).round(3)
    frame = pd.DataFrame(
        {
            "prcp_mm": rain,
            "tmean_c": temperature,
            "prcp_30d_mm": pd.Series(rain).rolling(30, min_periods=1).sum().round(1),
            "pet_mm": np.clip(0.2 * temperature + draw.normal(scale=0.4, size=rows), 0, None).round(2),
            "wind_ms": draw.gamma(4, 0.8, rows).round(1),
        }
    )
    return frame, pd.Series(flow)


def plots(draw: Draw, rows: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return honest columns of field plots, and one of four land classes that they explain in part."""
    soil = draw.choice(["clay", "loam", "sand", "peat"], rows)
    slope = draw.gamma(2, 4, rows).round(1)
    height = draw.normal(400, 150, rows).round()
    score = 0.004 * height + 0.08 * slope + (soil == "sand") - (soil == "peat") + draw.normal(scale=0.5, size=rows)
    land = pd.Series(pd.cut(score, np.quantile(score, [0, 0.35, 0.65, 0.88, 1]), labels=False, include_lowest=True))
    frame = pd.DataFrame(
        {
            "soil": soil,
            "slope_deg": slope,
            "elevation_m": height,
            "aspect": draw.choice(list("NESW"), rows),
            "ph": draw.normal(6, 0.8, rows).round(1),
            "road_distance_m": draw.exponential(900, rows).round(),
        }
    )
    return frame, land.map({0: "meadow", 1: "crop", 2: "forest", 3: "heath"})


# Cases that the rules were made on.


def _reason_of_leaving(draw: Draw) -> Built:
    frame, leaves = customers(draw, 900)
    reasons = pd.Series(draw.choice(["price", "moved", "service"], len(frame)))
    return (
        frame.assign(comment_code=reasons.where(leaves), left=np.where(leaves, "yes", "no")),
        "left",
        {"comment_code"},
    )


def _remark_of_one_class(draw: Draw) -> Built:
    frame, land = plots(draw, 1200)
    stand = pd.Series(draw.choice(["spruce", "beech", "mixed"], len(frame)))
    return frame.assign(stand_type=stand.where(land == "forest"), land=land), "land", {"stand_type"}


def _risk_matrix(draw: Draw) -> Built:
    frame, _ = plots(draw, 1500)
    parts = {name: draw.integers(1, 4, len(frame)) for name in ("severity", "exposure")}
    risk = parts["severity"] * parts["exposure"]
    words = pd.cut(risk, [0, 2, 4, 9], labels=["low", "medium", "high"]).astype(str)
    return frame.assign(**parts, risk=words), "risk", set(parts)


def _product_of_three(draw: Draw) -> Built:
    frame, _ = customers(draw, 2000)
    parts = {
        "contract": draw.choice(["month", "year"], len(frame)),
        "payer": draw.choice(["card", "bank", "cash"], len(frame)),
        "channel": draw.choice(["web", "shop"], len(frame)),
    }
    hit = (parts["contract"] == "month") & (parts["payer"] != "bank") & (parts["channel"] == "web")
    return frame.assign(**parts, segment=np.where(hit, "A", "B")), "segment", set(parts)


def _balance_of_closed(draw: Draw) -> Built:
    frame, closed = customers(draw, 1500, 0.15)
    balance = np.where(closed | (draw.random(len(frame)) < 0.08), 0.0, draw.gamma(2, 700, len(frame)).round(2))
    return frame.assign(balance=balance, status=np.where(closed, "closed", "open")), "status", {"balance"}


def _four_parts(draw: Draw) -> Built:
    frame, _ = rivers(draw, 800)
    parts = {
        f"{name}_l": draw.gamma(2, scale, len(frame)).round(2)
        for name, scale in [("kitchen", 3), ("bath", 8), ("garden", 5), ("laundry", 4)]
    }
    return frame.assign(**parts, use_l=sum(parts.values()).round(2)), "use_l", set(parts)


def _five_with_signs(draw: Draw) -> Built:
    rows = 1000
    parts = {
        name: draw.normal(mean, mean / 3, rows).round(1)
        for name, mean in [("inflow", 60), ("rain_on_lake", 12), ("outflow", 50), ("evaporation", 9), ("seepage", 5)]
    }
    change = parts["inflow"] + parts["rain_on_lake"] - parts["outflow"] - parts["evaporation"] - parts["seepage"]
    frame = pd.DataFrame({**parts, "wind": draw.gamma(3, 1, rows), "stage": draw.normal(5, 1, rows)})
    return frame.assign(change=change.round(1)), "change", set(parts)


def _estimate_of_another(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1500)
    other = (flow * np.exp(draw.normal(scale=0.55, size=len(frame)))).round(2)
    return frame.assign(flow_pred=other, discharge=flow), "discharge", {"flow_pred"}


def _simulated(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1200)
    other = (flow + draw.normal(scale=flow.std(), size=len(frame))).round(2)
    return frame.assign(sim_hbv=other, head=flow), "head", {"sim_hbv"}


def _gaps_of_a_class(draw: Draw) -> Built:
    frame, land = plots(draw, 1400)
    biomass = pd.Series(draw.gamma(3, 20, len(frame)).round(1))
    gone = (land == "heath") & (draw.random(len(frame)) < 0.95) | (draw.random(len(frame)) < 0.02)
    return frame.assign(biomass=biomass.mask(gone), land=land), "land", {"biomass"}


def _gaps_with_the_target(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1000)
    gone = draw.random(len(frame)) < 0.12
    width = pd.Series(draw.normal(8, 1, len(frame)).round(2))
    frame["wind_ms"] = frame["wind_ms"].mask(draw.random(len(frame)) < 0.1)
    return frame.assign(gauging_width=width.mask(gone), flow=flow.mask(gone)), "flow", {"gauging_width"}


def _flag_of_the_target(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1000)
    gone = draw.random(len(frame)) < 0.1
    flag = np.where(gone, "M", draw.choice(["A", "A:e"], len(frame), p=[0.9, 0.1]))
    return frame.assign(grade=flag, flow=flow.mask(gone)), "flow", {"grade"}, {"grade": "flow"}


def _code_that_decides(draw: Draw) -> Built:
    frame, leaves = customers(draw, 1500)
    code = np.where(leaves, "X9", draw.choice(["A1", "A2", "B7", "C3"], len(frame)))
    mixed = np.where(draw.random(len(frame)) < 0.01, "A1", code)
    return frame.assign(desk=mixed, left=leaves.astype(int)), "left", {"desk"}


def _number_that_decides(draw: Draw) -> Built:
    frame, land = plots(draw, 1500)
    days = np.where(land == "crop", 999, draw.integers(0, 300, len(frame)))
    return frame.assign(days_covered=days, land=land), "land", {"days_covered"}


def _one_small_part(draw: Draw) -> Built:
    frame, _ = customers(draw, 1200)
    parts = {
        "base": draw.gamma(3, 300, len(frame)).round(2),
        "extra": draw.gamma(2, 60, len(frame)).round(2),
        "tax": draw.gamma(2, 20, len(frame)).round(2),
        "tip": draw.gamma(1, 3, len(frame)).round(2),
    }
    return frame.assign(**parts, bill=sum(parts.values()).round(2)), "bill", set(parts)


# Cases put aside: other tables, other names, other forms of the same kinds.


def _permit_number(draw: Draw) -> Built:
    frame, land = plots(draw, 700)
    permit = pd.Series([f"P{number % 40:03d}" for number in range(len(frame))])
    return frame.assign(permit_type=permit.where(land == "crop"), use=land), "use", {"permit_type"}


def _partly_written(draw: Draw) -> Built:
    frame, ill = customers(draw, 1600, 0.3)
    ward = pd.Series(draw.choice(["a", "b"], len(frame))).where(ill & (draw.random(len(frame)) < 0.8))
    return frame.assign(ward=ward, ill=ill), "ill", {"ward"}


def _either_or(draw: Draw) -> Built:
    frame, _ = plots(draw, 1000)
    left, right = draw.integers(0, 2, len(frame)), draw.choice(["up", "down"], len(frame))
    same = (left == 1) == (right == "up")
    return frame.assign(switch=left, lever=right, running=np.where(same, 1, 0)), "running", {"switch", "lever"}


def _class_of_water(draw: Draw) -> Built:
    frame, _ = rivers(draw, 2500)
    parts = {name: draw.integers(1, 6, len(frame)) for name in ("bio_class", "chem_class", "morph_class")}
    worst = np.maximum.reduce(list(parts.values()))
    return frame.assign(**parts, state=np.array(list("HGMPB"))[worst - 1]), "state", set(parts)


def _power_of_stopped(draw: Draw) -> Built:
    frame, _ = rivers(draw, 1300)
    state = draw.choice(["run", "idle", "fault"], len(frame), p=[0.7, 0.2, 0.1])
    power = np.where(state == "fault", 0.0, draw.gamma(4, 10, len(frame)).round(1))
    return frame.assign(power_kw=power, state=state), "state", {"power_kw"}


def _paid_in_full(draw: Draw) -> Built:
    frame, good = customers(draw, 1100, 0.6)
    due = np.where(good, 0, draw.integers(1, 4000, len(frame)))
    return frame.assign(amount_due=due, good=good), "good", {"amount_due"}


def _budget(draw: Draw) -> Built:
    frame, _ = plots(draw, 600)
    parts = {
        name: draw.lognormal(mean, 0.5, len(frame)).round(1)
        for name, mean in [("labour", 4), ("seed_cost", 2.5), ("fuel", 3), ("rent", 3.4), ("repairs", 2)]
    }
    total = sum(parts.values())
    return frame.assign(**parts, cost=np.round(total, 1)), "cost", set(parts)


def _four_with_coefficients(draw: Draw) -> Built:
    frame, _ = rivers(draw, 900)
    parts = {name: draw.normal(50, 15, len(frame)).round(0) for name in ("quiz", "labs", "midterm", "exam")}
    mark = 0.1 * parts["quiz"] + 0.2 * parts["labs"] + 0.3 * parts["midterm"] + 0.4 * parts["exam"]
    return frame.assign(**parts, mark=mark.round(2)), "mark", set(parts)


def _forecast_of_another(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1400)
    other = (np.log(flow) + draw.normal(scale=np.log(flow).std(), size=len(frame))).round(2)
    return frame.assign(nwm_forecast=other, streamflow=flow), "streamflow", {"nwm_forecast"}


def _score_of_another(draw: Draw) -> Built:
    frame, leaves = customers(draw, 1500, 0.3)
    proba = 1 / (1 + np.exp(-(1.6 * (leaves - 0.5) + draw.normal(scale=1, size=len(frame)))))
    return (
        frame.assign(churn_model_estimate=proba.round(3), churn=leaves.astype(int)),
        "churn",
        {"churn_model_estimate"},
    )


def _not_asked_of_some(draw: Draw) -> Built:
    frame, land = plots(draw, 2000)
    answer = pd.Series(draw.choice(["yes", "no", "some"], len(frame)))
    gone = (land == "meadow") | (draw.random(len(frame)) < 0.03)
    return frame.assign(harvested=answer.mask(gone), cover=land), "cover", {"harvested"}


def _measured_together(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1500)
    gone = draw.random(len(frame)) < 0.7
    colour = pd.Series(draw.choice(["clear", "brown"], len(frame)))
    frame["pet_mm"] = frame["pet_mm"].mask(draw.random(len(frame)) < 0.3)
    return frame.assign(sample_colour=colour.mask(gone), turbidity=flow.mask(gone)), "turbidity", {"sample_colour"}


def _flag_in_numbers(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1200)
    gone = draw.random(len(frame)) < 0.25
    flag = np.where(gone, 9, draw.choice([0, 1, 2], len(frame), p=[0.8, 0.15, 0.05]))
    return frame.assign(qn=flag, level=flow.mask(gone)), "level", {"qn"}, {"qn": "level"}


def _word_that_decides(draw: Draw) -> Built:
    frame, land = plots(draw, 1800)
    team = np.where(land == "heath", "team 7", draw.choice([f"team {number}" for number in range(1, 7)], len(frame)))
    return frame.assign(team=team, habitat=land), "habitat", {"team"}


def _minus_one(draw: Draw) -> Built:
    frame, wins = customers(draw, 1000, 0.4)
    rank = np.where(~wins, -1, draw.integers(1, 12, len(frame)))
    return frame.assign(queue_place=rank, accepted=wins), "accepted", {"queue_place"}


OPEN: tuple[Maker, ...] = (
    _reason_of_leaving, _remark_of_one_class, _risk_matrix, _product_of_three, _balance_of_closed, _four_parts,
    _five_with_signs, _estimate_of_another, _simulated, _gaps_of_a_class, _gaps_with_the_target, _flag_of_the_target,
    _code_that_decides, _number_that_decides, _one_small_part,
)  # fmt: skip
ASIDE: tuple[Maker, ...] = (
    _permit_number, _partly_written, _either_or, _class_of_water, _power_of_stopped, _paid_in_full, _budget,
    _four_with_coefficients, _forecast_of_another, _score_of_another, _not_asked_of_some, _measured_together,
    _flag_in_numbers, _word_that_decides, _minus_one,
)  # fmt: skip


def cases(makers: tuple[Maker, ...], seed: int) -> list[LeakCase]:
    """Return the tables of some cases, each drawn with a seed of its own."""
    made = []
    for place, make in enumerate(makers):
        frame, target, leaks, *flags = make(np.random.default_rng([seed, place]))
        made.append(LeakCase(make.__name__.strip("_"), frame, target, frozenset(leaks), *flags))
    return made


# Clean tables: honest columns, some strong, with gaps, zeros, outages and names that sound like hindsight.


def _clean_customers(draw: Draw) -> Built:
    frame, leaves = customers(draw, 1200, float(draw.uniform(0.1, 0.4)))
    frame["closed_area"] = draw.gamma(2, 10, len(frame)).round(1)
    frame["last_visit_duration"] = (20 + 4 * frame["support_calls"] + draw.normal(0, 6, len(frame))).round()
    frame["referral"] = pd.Series(draw.choice(["friend", "web"], len(frame))).mask(draw.random(len(frame)) < 0.6)
    frame["savings"] = np.where(draw.random(len(frame)) < 0.5, 0, draw.gamma(2, 500, len(frame))).round()
    return frame.assign(leaves=leaves.astype(int)), "leaves", set()


def _clean_rivers(draw: Draw) -> Built:
    frame, flow = rivers(draw, 1500)
    outage = draw.random(len(frame)) < 0.05
    frame = frame.mask(np.repeat(outage[:, None], frame.shape[1], axis=1))
    frame["soil_water"] = (30 * np.log(flow) + draw.normal(0, 9, len(flow))).round(1)
    frame["forecast_prcp_mm"] = (frame["prcp_mm"] * np.exp(draw.normal(0, 0.4, len(frame)))).round(1)
    frame["upstream_flow"] = (flow * np.exp(draw.normal(0, 0.25, len(flow)))).round(2)
    frame["snow_mm"] = np.where(frame["tmean_c"] > 2, 0.0, draw.gamma(1, 20, len(frame))).round(1)
    return frame.assign(flow=flow.mask(outage & (draw.random(len(flow)) < 0.6))), "flow", set()


def _clean_plots(draw: Draw) -> Built:
    frame, land = plots(draw, 1500)
    frame["island"] = np.where(land == "heath", draw.choice(["a", "b"], len(frame), p=[0.8, 0.2]), "b")
    frame["crown"] = (np.where(land == "forest", 60, 20) + draw.normal(0, 14, len(frame))).clip(0).round()
    frame["owner"] = draw.choice(["state", "church", "private"], len(frame))
    frame["survey_result_before"] = draw.choice(["good", "fair"], len(frame))
    frame["fence_m"] = np.where(draw.random(len(frame)) < 0.7, 0, draw.integers(5, 900, len(frame)))
    return frame.assign(land=land), "land", set()


CLEAN: tuple[Maker, ...] = (_clean_customers, _clean_rivers, _clean_plots)


def clean_tables(seed: int, many: int = 5) -> list[LeakCase]:
    """Return clean tables, several draws of each."""
    return [case for draw in range(many) for case in cases(CLEAN, seed + draw)]
