"""Widgets that choose what is shown below them."""

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display


def chooser(show, **choices) -> widgets.Widget:
    """Widgets, and below them what they choose: shown again whenever one of them moves.

    What is there at first is put into the output as it is. Captured while it is displayed, as
    ipywidgets would, it makes a client that runs notebooks without a screen send to the kernel
    while it waits for it, and now and then wait forever (issue 312 of nbclient).

    Args:
        show: From the values chosen to what is displayed: one thing, or a tuple.
        choices: A widget, or what makes one, for each argument of `show`.
    """
    box = widgets.interactive(
        lambda **values: display(*_parts(show(**values))), {"manual": True}, **choices
    )
    box.children = [each for each in box.children if each is not box.manual_button]
    for each in box.kwargs_widgets:
        each.observe(box.update, "value")
    if get_ipython():
        first = {each._kwarg: each.get_interact_value() for each in box.kwargs_widgets}
        for part in _parts(show(**first)):
            box.out.append_display_data(part)
    return box


def _parts(shown) -> tuple:
    return shown if isinstance(shown, tuple) else (shown,)
