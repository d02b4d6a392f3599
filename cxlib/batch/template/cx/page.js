"use strict";
(() => {
  // A table with more rows than this begins with six of them, as the style sheet has it.
  const LONG = 8;
  const SECONDS = { h: 3600, min: 60, s: 1 };

  // A cell as a number: the first number in it, or the length of a time such as "1 h 5 min".
  const asNumber = (text) => {
    const plain = text.replaceAll("\u2212", "-").replaceAll(",", "").replace(/\(.*$/, "").trim();
    const times = [...plain.matchAll(/([\d.]+) (h|min|s)\b/g)];
    if (times.length) {
      const total = times.reduce((sum, [, count, unit]) => sum + count * SECONDS[unit], 0);
      return plain.startsWith("-") ? -total : total;
    }
    const first = plain.match(/[-+]?[\d.]+/);
    return first ? parseFloat(first[0]) : NaN;
  };

  const compare = (a, b, numeric) => {
    if (!numeric) return a.localeCompare(b, "en", { numeric: true });
    const [x, y] = [asNumber(a), asNumber(b)];
    if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
    return x - y;
  };

  const sortBy = (table, column) => {
    const heads = [...table.tHead.rows[0].cells];
    const head = heads[column];
    const down = head.getAttribute("aria-sort") === "ascending";
    heads.forEach((each) => each.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const numeric = head.classList.contains("number");
    const text = (row) => row.cells[column].textContent.trim();
    const rows = [...table.tBodies[0].rows].sort((a, b) => compare(text(a), text(b), numeric));
    // What has no number stays last, whichever way the others are sorted.
    const none = numeric ? rows.filter((row) => isNaN(asNumber(text(row)))) : [];
    const some = rows.filter((row) => !none.includes(row));
    table.tBodies[0].append(...(down ? some.reverse() : some), ...none);
  };

  // A spreadsheet takes a cell that begins so for a formula; an apostrophe makes it a text.
  const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
  const quoted = (text) => '"' + harmless(text).replaceAll('"', '""') + '"';
  const asCsv = (table) =>
    [...table.rows]
      .map((row) => [...row.cells].map((cell) => quoted(cell.textContent.trim())).join(","))
      .join("\n");

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from a disk may not be given the clipboard; the older way still works.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };

  // The first rows of a long table, and a button for all of them.
  const shorten = (table, place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    const show = (all) => {
      table.classList.toggle("short", !all);
      button.setAttribute("aria-expanded", all);
      button.textContent = all ? "Fewer" : `All ${table.tBodies[0].rows.length} rows`;
    };
    button.addEventListener("click", () => show(table.classList.contains("short")));
    place.after(" ", button);
    show(false);
  };

  // Where a chart is wider than the screen, its latest months are seen first.
  addEventListener("load", () =>
    document.querySelectorAll("figure.latest").forEach((each) => (each.scrollLeft = each.scrollWidth)));

  document.querySelectorAll(".table table").forEach((table) => {
    // On a phone, each row of a wide table is a card, whose lines say their heads.
    const names = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    table.classList.toggle("wide", names.length > 3);
    [...table.tBodies[0].rows].forEach((row) =>
      [...row.cells].forEach((cell, column) => (cell.dataset.head = names[column])));
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = "Sort";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sortBy(table, column));
      head.append(button);
    });
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.title = "Copy the table as CSV";
    button.addEventListener("click", async () => {
      await copy(asCsv(table));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
    table.parentElement.after(button);
    if (table.tBodies[0].rows.length > LONG) shorten(table, button);
  });

  // Paper cannot be clicked on: it shows everything but what the pages under an index say.
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((each) => (each.open ||= !each.closest(".pages")));
    document.querySelectorAll("table.short").forEach((each) => each.classList.remove("short"));
  });
})();
