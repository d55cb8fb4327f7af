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
    const figures = value === null ? "no labels" : `counted net ${signed(value)} (n = ${count(labelled(sums))})`;
    return `${parts.join(" \u00b7 ")}: ${posts(sums[0])}, ${figures}.`;
  };
