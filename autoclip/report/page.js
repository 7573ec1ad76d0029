"use strict";
// The page reads well without this script: it adds zoom, values under the pointer, sorting and copying.
(() => {
  const data = JSON.parse(document.getElementById("pointer-data").textContent);
  const plot = document.getElementById("plot");
  const drawings = [...plot.querySelectorAll("svg")];
  const axis = plot.querySelector(".axis");
  const cursor = plot.querySelector(".cursor");
  const selection = plot.querySelector(".selection");
  const tip = plot.querySelector(".tip");
  const announcement = document.getElementById("announcement");
  const whole = { start: 0, length: Math.max(data.duration, 0.001) };
  const shortest = Math.min(whole.length, 2);
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400];
  let view = whole;

  const clock = (seconds, decimals = 0) => {
    const units = Math.round(Math.max(0, seconds) * 10 ** decimals);
    const total = Math.floor(units / 10 ** decimals);
    const part = decimals ? "." + String(units % 10 ** decimals).padStart(decimals, "0") : "";
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60)];
    const long = hours || data.duration >= 3600;
    return (long ? hours + ":" + two(minutes) : String(minutes)) + ":" + two(total % 60) + part;
  };

  const drawAxis = () => {
    const most = Math.max(4, Math.floor(plot.clientWidth / 90));
    const step = steps.find((candidate) => view.length / candidate <= most) ?? 86400;
    const marks = [];
    for (let mark = Math.ceil(view.start / step) * step; mark < view.start + view.length * 0.98; mark += step) {
      const label = document.createElement("span");
      label.style.setProperty("--at", mark);
      label.style.visibility = "visible";
      label.textContent = clock(mark, step < 1 ? 1 : 0);
      marks.push(label);
    }
    axis.replaceChildren(...marks);
  };

  const show = (start, length) => {
    length = Math.min(Math.max(length, shortest), whole.length);
    start = Math.min(Math.max(start, 0), whole.length - length);
    view = { start, length };
    plot.style.setProperty("--view-start", start);
    plot.style.setProperty("--view-length", length);
    for (const drawing of drawings) drawing.setAttribute("viewBox", `${start} 0 ${length} 100`);
    drawAxis();
    document.querySelector("[data-zoom=out]").disabled = document.querySelector("[data-zoom=all]").disabled =
      length >= whole.length;
  };
  const zoom = (factor, centre = view.start + view.length / 2) =>
    show(centre - ((centre - view.start) / view.length) * view.length * factor, view.length * factor);

  // --- values under the pointer
  const timeAt = (event) => {
    const box = plot.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left - 1) / (box.width - 2), 0), 1);
    return view.start + share * view.length;
  };
  const row = (name, value) => {
    const line = document.createElement("div");
    for (const text of [name, value]) {
      const cell = document.createElement("span");
      cell.textContent = text;
      line.append(cell);
    }
    return line;
  };
  const words = (text) => {
    const line = document.createElement("p");
    line.className = "said";
    line.textContent = text.slice(0, 240);
    return line;
  };
  const point = (time) => {
    const x = ((time - view.start) / view.length) * (plot.clientWidth || 1);
    cursor.style.left = x + "px";
    const heading = document.createElement("b");
    heading.textContent = clock(time, view.length < 600 ? 1 : 0);
    const lines = [heading];
    const bucket = Math.min(Math.floor(time / data.bucket), Infinity);
    for (const lane of data.lanes) {
      const value = lane.values[Math.min(bucket, lane.values.length - 1)];
      const text = value === null || value === undefined ? "–" : Number(value.toPrecision(3)) + (lane.unit ? " " + lane.unit : "");
      lines.push(row(lane.title, text));
    }
    for (const [kind, start, end] of data.events) if (start <= time && time < end) lines.push(row(kind, (end - start).toFixed(1) + " s"));
    const said = data.speech.find(([start, end]) => start <= time && time < end);
    if (said) lines.push(words(said[2]));
    const chapter = data.chapters.filter(([start]) => start <= time).pop();
    if (chapter) lines.push(row("chapter", chapter[1].slice(0, 32)));
    tip.replaceChildren(...lines);
    cursor.hidden = tip.hidden = false;
    const room = plot.clientWidth - tip.offsetWidth - 8;
    tip.style.left = Math.min(Math.max(x + 14 > room ? x - tip.offsetWidth - 14 : x + 14, 4), Math.max(room, 4)) + "px";
  };
  const unpoint = () => { cursor.hidden = tip.hidden = selection.hidden = true; };

  // --- a drag selects what to zoom to
  let drag = null;
  plot.addEventListener("pointerdown", (event) => {
    if (event.button === 0 && !event.target.closest("a")) drag = { from: timeAt(event), x: event.clientX };
  });
  plot.addEventListener("pointermove", (event) => {
    const time = timeAt(event);
    point(time);
    if (!drag || Math.abs(event.clientX - drag.x) < 6) return;
    plot.setPointerCapture(event.pointerId);
    const share = (instant) => ((instant - view.start) / view.length) * 100;
    const [low, high] = [Math.min(drag.from, time), Math.max(drag.from, time)];
    selection.style.left = share(low) + "%";
    selection.style.width = share(high) - share(low) + "%";
    selection.hidden = false;
  });
  plot.addEventListener("pointerup", (event) => {
    if (drag && !selection.hidden) {
      const time = timeAt(event);
      show(Math.min(drag.from, time), Math.abs(time - drag.from));
    }
    drag = null;
    selection.hidden = true;
  });
  plot.addEventListener("pointercancel", () => { drag = null; unpoint(); });
  plot.addEventListener("pointerleave", () => { if (!drag) unpoint(); });
  plot.addEventListener("dblclick", () => show(0, whole.length));
  plot.addEventListener("dragstart", (event) => event.preventDefault());
  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const actions = {
      "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => show(0, whole.length),
      ArrowLeft: () => show(view.start - view.length / 5, view.length),
      ArrowRight: () => show(view.start + view.length / 5, view.length),
    };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
    announcement.textContent = `Shows ${clock(view.start)} to ${clock(view.start + view.length)}`;
  });
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "all") show(0, whole.length);
      else zoom(button.dataset.zoom === "in" ? 0.5 : 2);
    });
  }

  // --- bars and cards belong together
  for (const card of document.querySelectorAll(".card")) {
    const bar = plot.querySelector(`[data-clip="${card.dataset.rank}"]`);
    card.addEventListener("pointerenter", () => bar.classList.add("linked"));
    card.addEventListener("pointerleave", () => bar.classList.remove("linked"));
    bar.addEventListener("click", () => card.focus({ preventScroll: true }));
  }

  // --- sorting
  const cards = document.getElementById("cards");
  const sorters = [...document.querySelectorAll("[data-sort]")];
  for (const button of sorters) {
    button.addEventListener("click", () => {
      const key = button.dataset.sort;
      cards.replaceChildren(...[...cards.children].sort((one, other) => one.dataset[key] - other.dataset[key]));
      for (const sorter of sorters) sorter.setAttribute("aria-pressed", String(sorter === button));
      announcement.textContent = `Sorted by ${button.textContent.toLowerCase()}`;
    });
  }

  // --- copying
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = "Copied";
      } catch {
        button.textContent = button.dataset.copy;
      }
      announcement.textContent = button.textContent;
      setTimeout(() => { button.textContent = "Copy"; }, 1600);
    });
  }

  // What needs the script is shown only now that it runs.
  for (const element of document.querySelectorAll(".zoom, .sort, .copy, .hint")) element.hidden = false;
  show(0, whole.length);
  addEventListener("resize", drawAxis);
})();
