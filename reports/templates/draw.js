  // Drawing, as reports/plot.py does it.
  const shape = (tag, name, attributes, text) => {
    const element = document.createElementNS(SVG, tag);
    element.setAttribute("class", name);
    for (const [key, value] of Object.entries(attributes)) {
      element.setAttribute(key, typeof value === "string" ? value : short(value));
    }
    if (text) element.textContent = text;
    return element;
  };
  const makePlot = (svg, low, high) => {
    const [width, height, left, right, top, bottom] = svg.dataset.box.split(" ").map(Number);
    const slot = (width - left - right) / Math.max(1, n);
    return {
      left, right: width - right, slot, low, high, top, end: height - bottom,
      x: (i) => left + (i + 0.5) * slot,
      y: (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom),
    };
  };
  const drawAxis = (svg, plot, values, format) => {
    const group = svg.querySelector(".y");
    if (!group) return;
    group.replaceChildren(...values.flatMap((value) => {
      const y = plot.y(value);
      const line = { x1: plot.left, x2: plot.right, y1: y, y2: y };
      return [
        shape("line", value === 0 ? "zero" : "grid", line),
        shape("text", "tick end", { x: plot.left - 8, y: y + 4 }, format(value)),
      ];
    }));
  };
  const drawLine = (plot, values, name) => {
    let path = "", isDown = false;
    values.forEach((value, i) => {
      if (value !== null) {
        path += `${path && " "}${isDown ? "L" : "M"}${fixed(plot.x(i), 1)} ${fixed(plot.y(value), 1)}`;
      }
      isDown = value !== null;
    });
    return path ? [shape("path", name, { d: path })] : [];
  };
  const drawBand = (plot, estimates, values) => {
    const runs = [];
    estimates.forEach((one, i) => {
      if (!one || values[i] === null) return;
      const last = runs[runs.length - 1];
      if (last && last[last.length - 1] === i - 1) last.push(i);
      else runs.push([i]);
    });
    const d = runs.map((run) => {
      let ends = run.map((i) => [plot.x(i), estimates[i]]);
      if (ends.length === 1) ends = [[ends[0][0] - 3, ends[0][1]], [ends[0][0] + 3, ends[0][1]]];
      const at = (x, value) => `${fixed(x, 1)} ${fixed(plot.y(Math.max(plot.low, Math.min(plot.high, value))), 1)}`;
      const above = ends.map(([x, one]) => at(x, one[2]));
      return `M${[...above, ...ends.reverse().map(([x, one]) => at(x, one[1]))].join(" L")}Z`;
    }).join(" ");
    return d ? [shape("path", "band", { d })] : [];
  };
  const drawPoints = (plot, values, sums) => sums.flatMap((counts, i) => {
    const value = values[i];
    if (value === null) return [];
    const few = labelled(counts) < data.few ? "yes" : "no";
    return [shape("circle", `point few-${few}`, { cx: plot.x(i), cy: plot.y(value), r: n > 45 ? 2.6 : 3.4 })];
  });
  const drawBars = (plot, sums, width) => sums.flatMap((counts, i) => {
    if (!counts) return [];
    const layers = [counts[1], counts[2], counts[3], counts[0] - labelled(counts)];
    let base = 0;
    return layers.flatMap((value, layer) => {
      if (!value) return [];
      const bar = shape("rect", `fill-${LABELS[layer]}`, {
        x: plot.x(i) - width / 2, y: plot.y(base + value), width, height: plot.y(base) - plot.y(base + value),
      });
      base += value;
      return [bar];
    });
  });
  // Marks of spikes and steps: those of all languages, so none where one is chosen.
  const eventsOf = (slice, chart) => (slice.language >= 0 ? [] : data.events.filter(
    ([, aspect, platform, where]) => aspect === slice.aspect && platform === slice.platform && where === chart));
  const drawEvents = (svg, plot, events) => {
    const group = svg.querySelector(".events");
    if (!group) return;
    const periods = [...new Set(events.map(([i]) => i))].sort((left, right) => left - right);
    group.replaceChildren(...periods.flatMap((i) => {
      const texts = events.filter(([period]) => period === i).map((one) => one[4]);
      const x = plot.x(i);
      return [
        shape("line", "event-line", { x1: x, x2: x, y1: plot.top + 14, y2: plot.end }),
        shape("text", "event", { x, y: plot.top + 10 },
          texts.slice(0, 2).join(" ") + (texts.length > 2 ? " \u2026" : "")),
      ];
    }));
  };
  const roundUp = (value) => {
    let power = 1;
    while (power * 10 < value) power *= 10;
    return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) || 1) * power;
  };
  const chooseReach = (values) => {
    const largest = values.length ? Math.max(...values.map(Math.abs)) : 1;
    return [0.25, 0.5, 0.75].find((reach) => largest <= reach) || 1;
  };

  // The slice that a chart shows: the selection, or its own platform or aspect within it.
  const sliceOf = (svg) => {
    const slice = { ...state };
    if (svg.dataset.platform) slice.platform = Number(svg.dataset.platform);
    if (svg.dataset.aspect) slice.aspect = Number(svg.dataset.aspect);
    return slice;
  };
  const isShown = (svg) =>
    !(svg.dataset.platform && state.platform >= 0 && Number(svg.dataset.platform) !== state.platform);
  const say = (kind, i, counts, one) => {
    const name = data.periods[i];
    if (!counts) return `${name}: no posts`;
    if (kind === "net") {
      const value = net(counts);
      if (value === null) return `${name}: no labels`;
      const more = one ? `, 95% interval ${signed(one[1])} to ${signed(one[2])}, counted ${signed(value)}` : "";
      return `${name}: ${signed(one ? one[0] : value)} (n = ${count(labelled(counts))}${more})`;
    }
    const layers = [counts[1], counts[2], counts[3], counts[0] - labelled(counts)]
      .map((value, layer) => (value ? `${count(value)} ${LABELS[layer]}` : "")).filter(Boolean);
    return `${name}: ${posts(counts[0])} (${layers.join(", ")})`;
  };
  const drawScale = (scale) => {
    const charts = all(`svg[data-scale="${scale}"]`).filter(isShown)
      .filter((svg) => svg.dataset.aspect === undefined || Number(svg.dataset.aspect) >= 0);
    const sums = charts.map((svg) => add(sliceOf(svg)));
    const flat = sums.flat().filter(Boolean);
    const isNet = scale.startsWith("net") || scale === "line";
    const estimates = charts.map((svg) => estimate(sliceOf(svg)));
    const values = sums.map((one, k) => take(one, estimates[k]));
    const ends = scale === "line" ? [] : estimates.flatMap((line, k) =>
      line.filter((one, i) => one && values[k][i] !== null).flatMap((one) => one.slice(1)));
    const reach = chooseReach([...values.flat().filter((value) => value !== null), ...ends]);
    const highest = flat.length ? Math.max(...flat.map((counts) => counts[0])) : 0;
    const high = isNet ? reach : scale === "bars" ? Math.max(1, highest) : roundUp(highest);
    charts.forEach((svg, k) => {
      const plot = makePlot(svg, isNet ? -reach : 0, high);
      const marks = [];
      if (isNet) {
        drawAxis(svg, plot, [-reach, 0, reach], signed);
        if (scale === "line") {
          marks.push(shape("line", "zero", { x1: 0, x2: 132, y1: plot.y(0), y2: plot.y(0) }));
        }
        if (scale !== "line") marks.push(...drawBand(plot, estimates[k], values[k]));
        if (scale === "net-panels") marks.push(...drawLine(plot, takeOf({ ...state, platform: -1 }), "line context"));
        marks.push(...drawLine(plot, values[k], "line"));
        if (scale === "line") {
          const last = values[k].reduce((found, value, i) => (value === null ? found : i), -1);
          if (last >= 0) marks.push(shape("circle", "dot", { cx: plot.x(last), cy: plot.y(values[k][last]), r: 2.4 }));
        } else {
          marks.push(...drawPoints(plot, values[k], sums[k]));
        }
      } else {
        drawAxis(svg, plot, high % 2 ? [0, high] : [0, high / 2, high], tick);
        const width = scale === "bars"
          ? Math.max(0.8, Math.min(12, plot.slot * 0.8)) : Math.max(1, Math.min(46, plot.slot * 0.72));
        marks.push(...drawBars(plot, sums[k], width));
      }
      svg.querySelector(".marks").replaceChildren(...marks);
      const events = eventsOf(sliceOf(svg), isNet ? "sentiment" : "volume");
      drawEvents(svg, plot, events);
      for (const hit of all(".hit", svg)) {
        const i = Number(hit.dataset.i);
        const words = say(isNet ? "net" : "volume", i, sums[k][i], estimates[k][i])
          + events.filter(([period]) => period === i).map((one) => `; ${one[5]}`).join("");
        hit.querySelector("title").textContent = words;
        if (hit.hasAttribute("aria-label")) hit.setAttribute("aria-label", `${words}. Show its posts`);
      }
    });
  };
