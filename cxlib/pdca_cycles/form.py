"""A form in JupyterLab that adds and changes improvement cycles; and its twin without widgets."""

from collections.abc import Mapping, Sequence

import ipywidgets as widgets
from IPython.display import display

from cxlib.data import Dataset
from cxlib.data.contract import DECISIONS
from cxlib.data.cycle_log import KEY, read_log, save_cycle
from cxlib.errors import CxError, DataError
from cxlib.measure.kpis import catalogue
from cxlib.page.carry import in_report
from cxlib.page.finding import Finding

NEW = "add a cycle"
# In the order of the form, with a hint for an empty field.
FIELDS: Mapping[str, str] = {
    "title": "what is changed",
    "kpi": "",
    "objective": "the objective that it serves",
    "scope": "channel = 'phone'",
    "control_scope": "a comparable part without the change",
    "target": "the KPI value to reach",
    "expected_effect": "expected change of the KPI",
    "plan_date": "2026-07-01",
    "do_date": "2026-08-01",
    "check_date": "2026-11-01",
    "closed_at": "",
    "decision": "",
    "impact": "1 to 5",
    "effort": "1 to 5",
    "cost": "money",
    "owner": "who answers for it",
}


def save(
    data: Dataset, cycle_id: str, fields: Mapping[str, str], seen: Mapping[str, str] | None, by: str
) -> Finding:
    """Save a cycle of the form; says what was saved, or what is wrong.

    Args:
        data: The dataset.
        cycle_id: The cycle.
        fields: Its fields as the form has them.
        seen: The fields as the form showed them; None for a new cycle.
        by: Who saves.
    """
    changes = {
        name: value.strip()
        for name, value in fields.items()
        if value.strip() != (seen or {}).get(name, "")
    }
    if not changes:
        return Finding("Nothing was changed.", news=False)
    try:
        kpis = catalogue(data.config)
        if changes.get("kpi", next(iter(kpis))) not in kpis:
            raise DataError(f"kpi == {changes['kpi']!r}, must be one of {', '.join(kpis)}")
        save_cycle(data.folder, cycle_id, changes, seen, by)
    except CxError as error:
        return Finding(f"Not saved. {error}", news=False)
    return Finding(
        f"Saved {cycle_id}: {', '.join(changes)}. Run the notebook again to see it judged.",
        news=False,
    )


def cycle_form(data: Dataset) -> widgets.Widget:
    """Choose a cycle, or add one; change its fields, and save."""
    if in_report():
        # In a run nobody fills it in, and the log may name people.
        return widgets.HTML("The form for cycles opens in JupyterLab.")
    try:
        log = read_log(data.folder)
    except CxError as error:
        return widgets.HTML(f"The cycles cannot be changed here. {error}")
    known = {row[KEY]: row.to_dict() for _, row in log.iterrows()}
    wide = widgets.Layout(width="36rem")
    chosen = widgets.Dropdown(options=[*known, NEW], description="Cycle", layout=wide)
    key = widgets.Text(description="Id", placeholder="P09", layout=wide)
    by = widgets.Text(description="Saved by", placeholder="your name", layout=wide)
    kpis = [(kpi.label, name) for name, kpi in catalogue(data.config).items()]
    choices = {"kpi": kpis, "decision": [(each, each) for each in DECISIONS]}
    boxes = {name: _box(name, hint, wide, choices.get(name, [])) for name, hint in FIELDS.items()}
    button = widgets.Button(description="Save", button_style="primary")
    told = widgets.Output()
    seen: dict[str, str] = {}

    def show(_=None) -> None:
        seen.clear()
        seen.update(known.get(chosen.value, {}))
        key.value, key.disabled = seen.get(KEY, ""), chosen.value != NEW
        for name, box in boxes.items():
            box.value = _allowed(box, seen.get(name, ""))

    def press(_) -> None:
        fields = {name: box.value for name, box in boxes.items()}
        # An empty choice of a KPI that the catalogue lacks would empty the field: it stays.
        fields = {n: v for n, v in fields.items() if v == _allowed(boxes[n], v)}
        latest = key.value.strip()
        found = save(data, latest, fields, None if chosen.value == NEW else dict(seen), by.value)
        told.clear_output()
        with told:
            display(found)
        # Whatever others have saved in the meantime is there to be looked at.
        known.update({row[KEY]: row.to_dict() for _, row in read_log(data.folder).iterrows()})
        if found.sentence.startswith("Saved"):
            chosen.options = [*known, NEW]
            chosen.value = latest
            show()

    chosen.observe(show, "value")
    again = widgets.Button(description="Look again")
    again.on_click(show)
    button.on_click(press)
    show()
    return widgets.VBox([chosen, key, *boxes.values(), by, widgets.HBox([button, again]), told])


def _box(
    name: str, hint: str, layout: widgets.Layout, choices: Sequence[tuple[str, str]]
) -> widgets.Widget:
    label = name.replace("_", " ").capitalize()
    if choices:
        options = [("", ""), *choices]
        return widgets.Dropdown(options=options, value="", description=label, layout=layout)
    return widgets.Text(description=label, placeholder=hint, layout=layout)


def _allowed(box: widgets.Widget, value: str) -> str:
    """A value that the box can show."""
    options = getattr(box, "options", None)
    return value if options is None or value in [each for _, each in options] else ""
