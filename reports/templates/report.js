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
  // The estimates of a slice: for each period [value, low, high], or nothing.
  const estimate = (slice) => {
    const found = Array.from({ length: n }, () => null);
    for (const [period, aspect, platform, language, ...values] of data.estimates) {
      if (aspect === slice.aspect && platform === slice.platform && language === slice.language) found[period] = values;
    }
    return found;
  };
  const hasEstimates = data.estimates.length > 0;
  const total = (sums) =>
    sums.filter((counts, i) => counts && inSpan(i)).reduce(
      (left, right) => left.map((value, i) => value + right[i]), [0, 0, 0, 0]);
  const labelled = (counts) => counts[1] + counts[2] + counts[3];
  const net = (counts) => {
    const judged = counts ? labelled(counts) : 0;
    return judged ? (counts[3] - counts[1]) / judged : null;
  };
  // What a line shows: the estimate, or what was counted where there is none.
  const take = (sums, estimates) => sums.map((counts, i) => {
    const value = net(counts);
    return value !== null && estimates[i] ? estimates[i][0] : value;
  });
  const takeOf = (slice) => take(add(slice), estimate(slice));
  const inSpan = (period) =>
    (state.since < 0 || period >= state.since) && (state.until < 0 || period <= state.until);
  const hasSpan = () => state.since >= 0 || state.until >= 0;
  const isSliced = () => state.aspect > 0 || state.platform >= 0 || state.language >= 0;

{% include "draw.js" %}
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
    put("interval", judged && hasEstimates ? "counted" : "");
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
        : `counted net ${value === null ? "\u2013" : signed(value)}, n = ${count(labelled(sums))}`;
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

{% include "selection.js" %}
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

  // One tab stop a chart; arrows, Home and End move among its points.
  const rove = (svg) => {
    // Looked up anew each time: a filter puts other ones in their place.
    const find = () => all("a.hit", svg);
    const choose = (chosen) => find().forEach((hit) => hit.setAttribute("tabindex", hit === chosen ? "0" : "-1"));
    choose(find().pop());
    svg.addEventListener("focusin", (event) => choose(event.target.closest("a.hit")));
    svg.addEventListener("keydown", (event) => {
      const hits = find(), now = hits.indexOf(event.target.closest("a.hit"));
      const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: hits.length - 1 }[event.key];
      if (now < 0 || to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      hits[Math.max(0, Math.min(hits.length - 1, to))].focus();
    });
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
    all("svg[data-scale]").forEach(rove);
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
      const link = event.target.closest("a[data-event]");
      if (link) {
        event.preventDefault();
        const [aspect, platform, period] = link.dataset.event.split(" ").map(Number);
        state = { ...everything, aspect, platform, since: period, until: period };
        show();
        writeHash("posts");
        one("posts").scrollIntoView();
        one("posts-head").focus({ preventScroll: true });
        return;
      }
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
    for (const fold of all("details:not(.data)")) fold.open = true;
  });
})();
