// Filters, links from points to posts, theme, copying. The page can be read without it.
// Texts reach the page by textContent and setAttribute alone.
"use strict";
(() => {
  const LABELS = ["negative", "neutral", "positive", "unlabelled"];
  const SVG = "http://www.w3.org/2000/svg";
  const one = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const data = JSON.parse(one("cells").textContent);
  const n = data.starts.length;
  const everything = { aspect: 0, platform: -1, language: -1, since: -1, until: -1 };
  let state = { ...everything };

  // Numbers as the page writes them; what lies just between two goes to the even one, as there.
  const fixed = (value, digits) => {
    const size = Math.abs(value);
    if ((size * 2 ** (digits + 1)) % 2 !== 1) return value.toFixed(digits);
    const low = Math.floor(size * 10 ** digits);
    return ((Math.sign(value) * (low + (low % 2))) / 10 ** digits).toFixed(digits);
  };
  const count = (value) => Math.round(value).toLocaleString("en-US");
  const tick = (value) => {
    const [size, name] = value >= 1e6 ? [1e6, "M"] : [1e3, "k"];
    return value >= 1e4 ? fixed(value / size, 1).replace(/\.0$/, "") + name : count(value);
  };
  const signed = (value) => {
    const text = fixed(Math.abs(value), 2);
    return text === "0.00" ? text : (value > 0 ? "+" : "\u2212") + text;
  };
  const share = (value) => {
    const percent = value * 100;
    if ((value > 0 && value < 0.01) || (value > 0.99 && value < 1)) {
      return fixed(Math.max(0.1, Math.min(99.9, percent)), 1) + "%";
    }
    return fixed(percent, 0) + "%";
  };
  const short = (value) => String(Number(fixed(value, 2)));
  const posts = (number) => (number === 1 ? "1 post" : count(number) + " posts");

  // Sums of the cells of a slice: for each period, or of some periods, [posts, -, 0, +].
  const add = (slice) => {
    const sums = Array.from({ length: n }, () => null);
    for (const [period, aspect, platform, language, ...counts] of data.rows) {
      if (aspect !== slice.aspect) continue;
      if (slice.platform >= 0 && platform !== slice.platform) continue;
      if (slice.language >= 0 && language !== slice.language) continue;
      sums[period] = counts.map((value, i) => value + (sums[period] ? sums[period][i] : 0));
    }
    return sums;
  };
  const total = (sums) =>
    sums.filter((counts, i) => counts && inSpan(i)).reduce(
      (left, right) => left.map((value, i) => value + right[i]), [0, 0, 0, 0]);
  const labelled = (counts) => counts[1] + counts[2] + counts[3];
  const net = (counts) => {
    const judged = counts ? labelled(counts) : 0;
    return judged ? (counts[3] - counts[1]) / judged : null;
  };
  const inSpan = (period) =>
    (state.since < 0 || period >= state.since) && (state.until < 0 || period <= state.until);
  const hasSpan = () => state.since >= 0 || state.until >= 0;
  const isSliced = () => state.aspect > 0 || state.platform >= 0 || state.language >= 0;

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
      left, right: width - right, slot,
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
  const drawLine = (plot, sums, name) => {
    let path = "", isDown = false;
    sums.forEach((counts, i) => {
      const value = net(counts);
      if (value !== null) {
        path += `${path && " "}${isDown ? "L" : "M"}${fixed(plot.x(i), 1)} ${fixed(plot.y(value), 1)}`;
      }
      isDown = value !== null;
    });
    return path ? [shape("path", name, { d: path })] : [];
  };
  const drawPoints = (plot, sums) => sums.flatMap((counts, i) => {
    const value = net(counts);
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
  const say = (kind, i, counts) => {
    const name = data.periods[i];
    if (!counts) return `${name}: no posts`;
    if (kind === "net") {
      const value = net(counts);
      return value === null ? `${name}: no labels` : `${name}: ${signed(value)} (n = ${count(labelled(counts))})`;
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
    const reach = chooseReach(flat.map(net).filter((value) => value !== null));
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
        if (scale === "net-panels") marks.push(...drawLine(plot, add({ ...state, platform: -1 }), "line context"));
        marks.push(...drawLine(plot, sums[k], "line"));
        if (scale === "line") {
          const last = sums[k].map(net).reduce((found, value, i) => (value === null ? found : i), -1);
          if (last >= 0) marks.push(shape("circle", "dot", { cx: plot.x(last), cy: plot.y(net(sums[k][last])), r: 2.4 }));
        } else {
          marks.push(...drawPoints(plot, sums[k]));
        }
      } else {
        drawAxis(svg, plot, high % 2 ? [0, high] : [0, high / 2, high], tick);
        const width = scale === "bars"
          ? Math.max(0.8, Math.min(12, plot.slot * 0.8)) : Math.max(1, Math.min(46, plot.slot * 0.72));
        marks.push(...drawBars(plot, sums[k], width));
      }
      svg.querySelector(".marks").replaceChildren(...marks);
      for (const hit of all(".hit", svg)) {
        const i = Number(hit.dataset.i);
        const words = say(isNet ? "net" : "volume", i, sums[k][i]);
        hit.querySelector("title").textContent = words;
        if (hit.hasAttribute("aria-label")) hit.setAttribute("aria-label", `${words}. Show its posts`);
      }
    });
  };

  // What the page said before a filter was set: put back when all are cleared.
  const originals = new Map();
  const keep = () => {
    for (const element of all("svg[data-scale], tr[data-row], [data-panel] [data-say]")) {
      originals.set(element, element.cloneNode(true));
    }
  };
  const putBack = () => {
    for (const [element, original] of originals) {
      element.replaceChildren(...original.cloneNode(true).childNodes);
    }
  };
  const scales = new Set(all("svg[data-scale]").map((svg) => svg.dataset.scale));

  const fillRow = (row, counts) => {
    const judged = labelled(counts), value = net(counts);
    const put = (name, text) => {
      const cell = row.dataset.say === name ? row : row.querySelector(`[data-say="${name}"]`);
      if (cell) cell.textContent = text;
    };
    put("posts", count(counts[0]));
    put("labelled", count(judged));
    put("net", value === null ? "\u2013" : signed(value));
    const shares = counts.slice(1).map((part) => (judged ? part / judged : 0));
    put("shares", judged ? shares.map(share).join(" / ") : "\u2013");
    const bars = row.querySelector('svg[data-chart="shares"]');
    if (bars) {
      let start = 0;
      all("rect", bars).forEach((rect, i) => {
        rect.setAttribute("x", short(start * 100));
        rect.setAttribute("width", short(shares[i] * 100));
        start += shares[i];
      });
    }
    const bar = row.querySelector('svg[data-chart="net-bar"] rect:nth-of-type(2)');
    if (bar) {
      const length = value || 0;
      bar.setAttribute("class", length >= 0 ? "fill-positive" : "fill-negative");
      bar.setAttribute("x", short(length >= 0 ? 50 : 50 + length * 50));
      bar.setAttribute("width", short(Math.abs(length) * 50));
    }
  };

  const showCharts = () => {
    putBack();
    if (isSliced()) scales.forEach(drawScale);
    for (const svg of all("svg[data-scale]")) {
      svg.classList.toggle("has-span", hasSpan());
      for (const hit of all(".hit", svg)) hit.classList.toggle("is-off", !inSpan(Number(hit.dataset.i)));
    }
    for (const panel of all("[data-panel]")) {
      const platform = Number(panel.dataset.panel);
      panel.hidden = state.platform >= 0 && platform !== state.platform;
      if (!isSliced() && !hasSpan()) continue;
      const sums = total(add({ ...state, platform }));
      const words = panel.querySelector("[data-say]"), value = net(sums);
      words.textContent = words.dataset.say === "posts" ? posts(sums[0])
        : `net ${value === null ? "\u2013" : signed(value)}, n = ${count(labelled(sums))}`;
    }
    for (const row of all("tr[data-row]")) {
      const aspect = Number(row.dataset.row);
      row.hidden = state.aspect > 0 && aspect !== state.aspect;
      if (aspect >= 0 && (state.platform >= 0 || state.language >= 0 || hasSpan())) {
        fillRow(row, total(add({ ...state, aspect })));
      }
    }
  };

  const showPosts = () => {
    const isAny = isSliced() || hasSpan();
    let shown = 0;
    for (const list of all("[data-list]")) {
      let inList = 0;
      for (const post of list.children) {
        const [aspect, platform, language, period] = post.dataset.post.split(" ").map(Number);
        const matches = (list.dataset.list === "any" && state.aspect === 0 || aspect === state.aspect)
          && (state.platform < 0 || platform === state.platform)
          && (state.language < 0 || language === state.language)
          && (!hasSpan() || (period >= 0 && inSpan(period)));
        post.hidden = !matches;
        inList += matches ? 1 : 0;
      }
      const fold = list.closest("details.group, details.period");
      if (fold) {
        fold.hidden = inList === 0;
        if (fold.matches(".period")) {
          fold.querySelector(".under").textContent = posts(inList);
          fold.open = hasSpan() && inList > 0;
        } else {
          fold.open = state.aspect > 0 && Number(fold.dataset.group) === state.aspect;
        }
      }
      if (!list.closest("#conflicts")) shown += inList;
      const none = list.parentElement.querySelector(`#no-${list.id}`);
      if (none) none.hidden = inList > 0;
    }
    for (const id of ["by-aspect-posts", "by-period-posts"]) {
      const part = one(id);
      if (part) part.hidden = !all("details.group, details.period", part).some((fold) => !fold.hidden);
    }
    const lead = document.querySelector("#posts > .lead");
    if (lead) lead.hidden = isAny;
    one("no-posts").hidden = shown > 0 || !isAny;
  };

  // The selection in words and as SQL.
  // What cannot be seen is spelled out, so that no query reads otherwise than it runs.
  const unseen = /([\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff])/;
  const quote = (text) => {
    const parts = text.split(unseen).filter(Boolean).map((piece) => (piece.length === 1 && unseen.test(piece)
      ? `chr(${piece.charCodeAt(0)})` : "'" + piece.replaceAll("'", "''") + "'"));
    return parts.length > 1 ? `(${parts.join(" || ")})` : parts[0] || "''";
  };
  const oneOf = (column, values, place) => (values[place] === "*"
    ? `${column} not in (${values.filter((name) => name !== "*").map(quote).join(", ") || "''"})`
    : `${column} = ${quote(values[place])}`);
  const writeSql = () => {
    const conditions = [`int_judged_pairs.aspect = ${quote(data.aspects[state.aspect])}`];
    const language = "int_judged_pairs.language";
    if (state.platform >= 0) conditions.push(oneOf("posts.platform", data.platforms, state.platform));
    if (state.language >= 0) conditions.push(oneOf(language, data.languages, state.language));
    if (state.since >= 0) conditions.push(`sentiment_date >= date '${data.starts[state.since]}'`);
    if (state.until >= 0) conditions.push(`sentiment_date <= date '${data.ends[state.until]}'`);
    return `select posts.post_id, sentiment_date, posts.platform, label, posts.text\nfrom int_judged_pairs\n`
      + `inner join posts on int_judged_pairs.post_id = posts.post_id\nwhere ${conditions.join("\n    and ")}\n`
      + "order by count_engagement desc, posts.post_id";
  };
  const describe = () => {
    const parts = [data.aspectNames[state.aspect]];
    if (state.platform >= 0) parts.push(data.platformNames[state.platform]);
    if (state.language >= 0) parts.push(data.languageNames[state.language]);
    if (hasSpan()) {
      const since = data.periods[Math.max(0, state.since)];
      const until = data.periods[state.until < 0 ? n - 1 : state.until];
      parts.push(since === until ? since : `${since} to ${until}`);
    }
    const sums = total(add(state)), value = net(sums);
    const figures = value === null ? "no labels" : `net ${signed(value)} (n = ${count(labelled(sums))})`;
    return `${parts.join(" \u00b7 ")}: ${posts(sums[0])}, ${figures}.`;
  };

  // The state stands in the address: #section?aspect=...&platform=...
  const keys = { aspect: "aspects", platform: "platforms", language: "languages", since: "starts", until: "starts" };
  const writeHash = (section) => {
    const words = new URLSearchParams();
    for (const [key, list] of Object.entries(keys)) {
      if (state[key] !== everything[key]) words.set(key, data[list][state[key]]);
    }
    const query = words.toString();
    const hash = `#${section}${query && "?" + query}`;
    try {
      if (hash !== (location.hash || "#")) history.replaceState(null, "", hash);
    } catch {
      // Some browsers keep files' addresses as they are; the filter works all the same.
    }
  };
  const readHash = () => {
    const [section, query] = location.hash.slice(1).split("?");
    if (query !== undefined) {
      const words = new URLSearchParams(query);
      for (const [key, list] of Object.entries(keys)) {
        const place = words.has(key) ? data[list].indexOf(words.get(key)) : -1;
        state[key] = place >= 0 ? place : everything[key];
      }
    }
    return section || "";
  };
  const selects = { aspect: "by-aspect", platform: "by-platform", language: "by-language", since: "by-since", until: "by-until" };
  const show = () => {
    const isAny = isSliced() || hasSpan();
    for (const [key, id] of Object.entries(selects)) {
      if (one(id)) one(id).value = String(state[key]);
    }
    one("clear").disabled = !isAny;
    one("selection").textContent = isAny ? describe() : "Everything below is of all posts.";
    one("selection-sql").hidden = !isAny;
    one("selection-sql").querySelector("code").textContent = isAny ? writeSql() : "";
    document.documentElement.classList.toggle("is-filtered", isAny);
    showCharts();
    showPosts();
  };
  const goTo = (section) => {
    const target = section && one(section);
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  };

  const follow = (hit) => {
    const svg = hit.closest("svg"), period = Number(hit.dataset.i);
    const isSame = state.since === period && state.until === period;
    state = { ...sliceOf(svg), since: isSame ? -1 : period, until: isSame ? -1 : period };
    show();
    writeHash(isSame ? svg.closest("section").id : "posts");
    if (isSame) return;
    one("posts").scrollIntoView();
    one("posts-head").focus({ preventScroll: true });
  };
  if (n) {
    keep();
    one("filters").hidden = false;
    document.documentElement.classList.add("has-filters");
    for (const [key, id] of Object.entries(selects)) {
      if (!one(id)) continue;
      one(id).addEventListener("change", () => {
        state[key] = Number(one(id).value);
        // A span that ends before it starts is turned around.
        if (state.since >= 0 && state.until >= 0 && state.since > state.until) {
          [state.since, state.until] = [state.until, state.since];
        }
        show();
        writeHash("filters");
      });
    }
    one("clear").addEventListener("click", () => {
      state = { ...everything };
      show();
      writeHash("filters");
      one("by-aspect").focus();
    });
    document.addEventListener("click", (event) => {
      const hit = event.target.closest(".hit");
      if (hit && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        follow(hit);
      }
    });
    window.addEventListener("hashchange", () => {
      const section = readHash();
      show();
      goTo(section);
      writeHash(section);
    });
    const section = readHash();
    if (isSliced() || hasSpan()) {
      show();
      goTo(section);
    } else {
      show();
    }
  }

  // Light, dark, or as the system says.
  const themes = ["system", "light", "dark"];
  const button = one("theme");
  const setTheme = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || "system";
    setTheme(themes[(themes.indexOf(now) + 1) % themes.length]);
  });

  // Copying: the text is selected as well, for browsers that forbid it to scripts.
  for (const block of all("pre[data-copy]")) {
    const copy = document.createElement("button");
    copy.type = "button";
    copy.className = "quiet-button copy";
    copy.textContent = "Copy";
    copy.addEventListener("click", () => {
      getSelection().selectAllChildren(block.querySelector("code"));
      copy.textContent = document.execCommand("copy") ? "Copied" : "Selected";
    });
    block.before(copy);
  }
  window.addEventListener("beforeprint", () => {
    for (const fold of all("details")) fold.open = true;
  });
})();
