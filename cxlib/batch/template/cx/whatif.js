"use strict";
// Sliders for the thresholds and capacities of account tiers. What `resolve` and `place` do here,
// cxlib/account_tiers/thresholds.py does in Python; a test compares the two account by account.
(() => {
  const LEAST = 1e-9;
  const STEPS = 1000;
  const NAMES = ["", "I", "II", "III"];
  const WITHOUT = "no limit";
  const NOBODY = "nobody";

  // The next number above one, as float64 has it.
  const nextAbove = (value) => {
    if (value < 0) return -nextBelow(-value);
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    view.setBigInt64(0, view.getBigInt64(0) + 1n);
    return view.getFloat64(0);
  };

  const nextBelow = (value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    view.setBigInt64(0, view.getBigInt64(0) - 1n);
    return view.getFloat64(0);
  };

  // The lowest threshold, from a floor on, that no more values reach than there are places.
  const forPlaces = (values, places, floor) => {
    const able = values.filter((value) => value >= floor).sort((a, b) => b - a);
    if (able.length <= places) return floor;
    const above = able.filter((value) => value > able[places]);
    return above.length ? above[above.length - 1] : nextAbove(able[places]);
  };

  // An input as it is compared with its threshold: that of who stood as high weighs more.
  const buffered = (told, input) =>
    input.values.map((value, account) => {
      const before = told.before[account];
      const held = before > 0 && before <= input.tier;
      if (value === null) return NaN;
      return value > 0 && held ? value / (1 - told.buffer) : value;
    });

  const resolve = (told, thresholds, capacities) => {
    const values = Object.fromEntries(told.inputs.map((each) => [each.name, buffered(told, each)]));
    const all = told.names.map((_, account) => account);
    const reaches = (name, account) => name in values && values[name][account] >= thresholds[name];
    const found = { ...thresholds };
    const free = (account) => told.fixed[account] === 0;
    const held = (tier) => told.fixed.filter((each) => each === tier).length;
    const strategic = (account) => free(account) && reaches("strategic_value", account);
    if (capacities[0] !== null) {
      const places = capacities[0] - held(1) - all.filter(strategic).length;
      const revenue = all
        .filter((account) => free(account) && !strategic(account))
        .map((account) => values.revenue_12m[account]);
      const amount = thresholds.revenue_12m;
      const floor = isFinite(amount) ? Math.max(amount, LEAST) : LEAST;
      found.revenue_12m = forPlaces(revenue, Math.max(places, 0), floor);
    }
    if (capacities[1] !== null) {
      const first = (account) =>
        strategic(account) || values.revenue_12m[account] >= found.revenue_12m;
      const rest = all.filter((account) => free(account) && !first(account));
      const names = ["growth_potential", "lifetime_value"].filter((name) => name in values);
      const claim = (name, account) => values[name][account] / Math.max(thresholds[name], LEAST);
      const claims = rest.map((account) => {
        const known = names.map((name) => claim(name, account)).filter((each) => !isNaN(each));
        return known.length ? Math.max(...known) : NaN;
      });
      const bar = forPlaces(claims, Math.max(capacities[1] - held(2), 0), 1);
      names.forEach((name) => {
        const letIn = rest.filter((account) => claim(name, account) >= bar);
        const known = rest.map((account) => values[name][account]).filter((each) => !isNaN(each));
        if (letIn.length) {
          found[name] = letIn.reduce((low, at) => Math.min(low, values[name][at]), Infinity);
        } else if (bar > 1 && known.length) {
          found[name] = nextAbove(known.reduce((most, each) => Math.max(most, each), -Infinity));
        } else {
          found[name] = Math.max(thresholds[name], LEAST) * bar;
        }
      });
    }
    return { values, found };
  };

  const place = (told, thresholds, capacities) => {
    const { values, found } = resolve(told, thresholds, capacities);
    return told.names.map((_, account) => {
      if (told.fixed[account]) return told.fixed[account];
      const lifted = told.inputs.filter((each) => values[each.name][account] >= found[each.name]);
      return lifted.reduce((best, each) => Math.min(best, each.tier), 3);
    });
  };

  const written = (value, told) =>
    `${Math.round(value).toLocaleString("en-US")}${told.currency ? " " + told.currency : ""}`;

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.append(...children);
    return element;
  };

  // Amounts lie on a logarithmic scale, so that small ones can be told apart.
  const scaleOf = (values) => {
    const known = values.filter((value) => value > 0);
    const low = known.reduce((least, value) => Math.min(least, value), Infinity);
    const high = known.reduce((most, value) => Math.max(most, value), 0) * 1.1;
    if (!known.length) return null;
    const ratio = Math.log(high / low);
    return {
      at: (step) => Number((low * Math.exp((ratio * step) / STEPS)).toPrecision(3)),
      step: (value) =>
        Math.min(Math.max(Math.round((STEPS * Math.log(value / low)) / ratio), 0), STEPS),
    };
  };

  // A slider and a field for the same number; the field can hold any, the slider about so much.
  const control = (label, id, start, slider, changed, empty) => {
    const field = make("input", { type: "number", id, min: 0, step: "any" });
    const range = make("input", { type: "range", "aria-label": label, ...slider.range });
    const show = (value) => {
      field.value = value === null ? "" : value;
      range.value = value === null ? slider.range.max : slider.step(value);
    };
    if (empty) field.placeholder = empty;
    const read = () => (field.value === "" ? null : Number(field.value));
    range.addEventListener("input", () => {
      const last = empty && range.value === range.max;
      field.value = last ? "" : slider.at(Number(range.value));
      changed();
    });
    field.addEventListener("input", () => {
      const value = read();
      range.value = value === null ? slider.range.max : slider.step(value);
      changed();
    });
    show(start);
    const row = make("div", { class: "control" }, make("label", { for: id }, label), range, field);
    return { row, read, show, start };
  };

  const draw = (box) => {
    const told = JSON.parse(box.querySelector("script").textContent);
    // Where most accounts have the same, no amount lifts any of them.
    const start = Object.fromEntries(
      told.inputs.map((each) => [each.name, each.threshold ?? Infinity])
    );
    const update = () => {
      // An empty or impossible field stands for what was there at first.
      const thresholds = Object.fromEntries(
        Object.entries(start).map(([name, first]) => [name, amounts[name]?.read() ?? first])
      );
      show(place(told, thresholds, capacities.map((each) => each.read())));
    };
    const amounts = {};
    told.inputs.forEach((each) => {
      const unit = each.money ? ` (${told.currency || "money"})` : "";
      const label = `Tier ${NAMES[each.tier]} from ${each.label}${unit}`;
      const scale = each.money ? scaleOf(each.values) : { at: Number, step: Number };
      if (!scale) return;
      const range = each.money ? { min: 0, max: STEPS, step: 1 } : { min: 1, max: 6, step: 1 };
      const slider = { range, ...scale };
      const id = `whatif-${each.name}`;
      const empty = each.threshold === null && NOBODY;
      amounts[each.name] = control(label, id, each.threshold, slider, update, empty);
    });
    const count = told.names.length;
    const capacities = [1, 2].map((tier) => {
      const slider = { range: { min: 0, max: count, step: 1 }, at: Number, step: Number };
      const label = `Most accounts in Tier ${NAMES[tier]}`;
      return control(label, `whatif-capacity-${tier}`, null, slider, update, WITHOUT);
    });
    const every = [...Object.values(amounts), ...capacities];
    const summary = make("div", { class: "table" });
    const moves = make("div", { class: "table" });
    const sentence = make("p", { role: "status" });
    const reset = make("button", { type: "button", class: "copy" }, "Back to the rules in force");
    reset.addEventListener("click", () => {
      every.forEach((each) => each.show(each.start));
      update();
    });

    const table = (heads, rows, numeric, caption) => {
      const cell = (kind, text, at) =>
        make(kind, numeric.includes(at) ? { class: "number" } : {}, String(text));
      const line = (kind, cells) => make("tr", {}, ...cells.map((text, at) => cell(kind, text, at)));
      return make(
        "table", {}, make("caption", {}, caption), make("thead", {}, line("th", heads)),
        make("tbody", {}, ...rows.map((cells) => line("td", cells)))
      );
    };

    const show = (tiers) => {
      const sum = (chosen) => chosen.reduce((total, account) => total + told.revenue[account], 0);
      const all = tiers.map((_, account) => account);
      const total = sum(all);
      const rows = [1, 2, 3].map((tier) => {
        const mine = all.filter((account) => tiers[account] === tier);
        const was = all.filter((account) => told.tiers[account] === tier).length;
        const change = mine.length - was;
        const share = total > 0 ? `${((100 * sum(mine)) / total).toFixed(1)}%` : "–";
        const sign = change > 0 ? `+${change}` : change < 0 ? `\u2212${-change}` : "0";
        return [`Tier ${NAMES[tier]}`, mine.length.toLocaleString("en-US"), sign,
                written(sum(mine), told), share];
      });
      const heads = ["Tier", "Accounts", "Change", "Revenue, 12 months", "Of revenue"];
      summary.replaceChildren(table(heads, rows, [1, 2, 3, 4], "Under these rules"));
      const moved = all.filter((account) => tiers[account] !== told.tiers[account]);
      const up = moved.filter((account) => tiers[account] < told.tiers[account]);
      const money = written(sum(moved), told);
      sentence.textContent = moved.length
        ? `${up.length} accounts move up, ${moved.length - up.length} down, and ${money} of revenue with them.`
        : "No account moves.";
      const first = [...moved].sort((a, b) => told.revenue[b] - told.revenue[a]).slice(0, 10);
      const named = first.map((account) => [
        told.names[account], `Tier ${NAMES[told.tiers[account]]}`, `Tier ${NAMES[tiers[account]]}`,
        written(told.revenue[account], told),
      ]);
      moves.replaceChildren(
        ...(named.length
          ? [table(["Account", "From", "To", "Revenue, 12 months"], named, [3],
                   `Accounts that would move: ${named.length} of ${moved.length}`)]
          : [])
      );
      box.dataset.tiers = tiers.join("");
    };

    [summary, moves].forEach((each) => {
      each.tabIndex = 0;
      each.setAttribute("role", "group");
      each.setAttribute("aria-label", "Accounts under these rules");
    });
    box.replaceChildren(...every.map((each) => each.row), reset, sentence, summary, moves);
    update();
  };

  document.querySelectorAll(".whatif").forEach(draw);
})();
