"use strict";
/* The annotators' page. Text enters the document as text nodes only. Offsets here are UTF-16 units; the server counts code points. */

const $ = (id) => document.getElementById(id);
const LABELS = ["MONEY", "PERCENT", "COMPANY", "QUARTER"];
const BLOCK = 1500;
const KEYS = [
  ["1 2 3 4", "mark the selection as MONEY, PERCENT, COMPANY, QUARTER; on a span: change its label"],
  ["Tab, Shift+Tab", "walk the spans"],
  ["← →", "on a span: move its end by a character; with Shift: its start; with Ctrl: by a token"],
  ["← → ↑ ↓ Home End", "in the text: move the cursor; with Shift: select; with Ctrl: by a token"],
  ["Esc", "from a span, a field or this page back to the cursor in the text"],
  ["Enter", "on a span: edit its value (short form, or JSON); Enter again keeps it, Esc leaves it as it was"],
  ["G", "on a span: take the value that the grammar reads"],
  ["Delete, Backspace", "delete the span"],
  ["Ctrl+Z or U, Ctrl+Y or R", "undo, redo, without limit"],
  ["S, Shift+S", "next, previous suggestion"],
  ["A, X", "accept, refuse the suggestion"],
  ["N, P", "next, previous row"],
  ["D", "row finished, and on to the next one"],
  ["W, V", "show white space and invisible characters; values in the text"],
  ["F, /", "to the filters; to the text search"],
  ["?", "this page"],
];

const state = {
  file: "", labels: LABELS, rows: [], byKey: new Map(), shown: [], found: null, revision: 0,
  row: null, segments: [], current: null, suggestion: null, caret: 0, anchor: 0,
  undo: [], redo: [], pending: new Map(), flying: null, stale: new Map(), versions: new Map(),
  white: false, values: true, unsaved: 0, problem: null, reach: null, read: 0, adjudicate: false, gone: [],
};
let uids = 0;
const me = sessionStorage.getItem("finextract-tab") || Array.from(crypto.getRandomValues(new Uint32Array(3)), (n) => n.toString(36)).join("");
sessionStorage.setItem("finextract-tab", me);

function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(attributes || {})) {
    if (v === null || v === undefined || v === false) continue;
    if (k === "class") e.className = v; else e.setAttribute(k, v === true ? "" : String(v));
  }
  for (const c of children) e.append(c);
  return e;
}
function say(text) { const live = $("live"); live.textContent = ""; live.textContent = text; }

/* Calls */

class Refused extends Error { constructor(status, code, message) { super(message); this.status = status; this.code = code; } }
async function call(name, body) {
  let response;
  try {
    response = await fetch(`/api/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  } catch (error) {
    reach("The server cannot be reached. Start it again");
    throw error;
  }
  const data = await response.json();
  if (response.ok) { reach(null); return data; }
  if (response.status === 403) reach("The server was started again: open the link that it has printed");
  throw new Refused(response.status, data.error.code, data.error.message);
}
function reach(message) { if (state.reach !== message) { state.reach = message; showStatus(); } }
function showStatus() {
  const waiting = state.pending.size + (state.flying ? 1 : 0);
  const status = $("status");
  let text = "saved";
  if (state.reach) text = state.reach + (waiting ? `; ${waiting} changed rows are kept in this browser` : "");
  else if (state.problem) text = state.problem;
  else if (waiting || state.unsaved) text = "saving";
  status.textContent = text;
  status.classList.toggle("trouble", Boolean(state.reach || state.problem));
  $("progress").textContent = state.read < state.rows.length ? `${state.read} of ${state.rows.length} rows read` : "";
}

/* A list of any length: only what is in sight exists */

class VList {
  constructor(box, height, draw, choose) {
    Object.assign(this, { box, height, draw, choose, items: [], selected: -1 });
    this.room = el("div", { class: "room", role: "presentation" });
    box.append(this.room);
    box.addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(box);
    this.room.addEventListener("click", (e) => {
      const item = e.target.closest(".item");
      if (item) this.choose(this.items[Number(item.dataset.i)], Number(item.dataset.i));
    });
  }
  set(items, selected = -1) {
    this.items = items;
    this.selected = selected;
    this.room.style.height = `${items.length * this.height}px`;
    this.paint();
  }
  select(i, scroll = true) {
    this.selected = i;
    if (scroll && i >= 0) {
      const top = i * this.height, box = this.box;
      if (top < box.scrollTop) box.scrollTop = top;
      else if (top + this.height > box.scrollTop + box.clientHeight) box.scrollTop = top + this.height - box.clientHeight;
    }
    this.paint();
  }
  paint() {
    const first = Math.max(0, Math.floor(this.box.scrollTop / this.height) - 3);
    const last = Math.min(this.items.length, Math.ceil((this.box.scrollTop + this.box.clientHeight) / this.height) + 3);
    const out = [];
    for (let i = first; i < last; i++) {
      const item = this.draw(this.items[i], i);
      item.classList.add("item");
      item.dataset.i = i;
      item.id = `${this.box.id}-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-setsize", this.items.length);
      item.setAttribute("aria-posinset", i + 1);
      item.setAttribute("aria-selected", i === this.selected);
      item.style.top = `${i * this.height}px`;
      item.style.height = `${this.height}px`;
      out.push(item);
    }
    this.room.replaceChildren(...out);
    if (this.selected >= 0) this.box.setAttribute("aria-activedescendant", `${this.box.id}-${this.selected}`);
    else this.box.removeAttribute("aria-activedescendant");
  }
}

/* The rows */

const rowList = new VList($("rows"), 44, (key) => {
  const r = state.byKey.get(key);
  const marks = [];
  if (r.conflict || state.stale.has(key)) marks.push("⚠ changed on disk");
  if (r.errors) marks.push(`${r.errors} errors`);
  if (r.open) marks.push(`${r.open} open`);
  if (r.confidence !== undefined && r.confidence < 1) marks.push(r.confidence.toFixed(2));
  return el("div", {}, el("span", {}, `${r.done ? "✓ " : ""}${r.id || `line ${r.number}`} · ${marks.join(" · ") || r.labels.reduce((a, b) => a + b, 0) + " spans"}`), el("small", {}, r.snippet));
}, (key) => { go(key); $("rows").focus(); });

function arrange() {
  const filter = $("filter").value, label = state.labels.indexOf($("label").value), here = state.row && state.row.key;
  const fits = (r) => (filter === "all" || (filter === "open" && r.open > 0) || (filter === "undone" && !r.done)
      || (filter === "errors" && r.errors > 0) || (filter === "conflict" && (r.conflict || state.stale.has(r.key))))
    && (label < 0 || r.labels[label] > 0) && (!state.found || state.found.has(r.key));
  let rows = state.rows.filter((r) => fits(r) || r.key === here);
  if ($("order").value === "confidence") {
    const rank = (r) => (r.confidence === undefined ? 2 : r.confidence);
    rows = rows.map((r, i) => [r, i]).sort((a, b) => rank(a[0]) - rank(b[0]) || (b[0].open || 0) - (a[0].open || 0) || a[1] - b[1]).map((x) => x[0]);
  }
  state.shown = rows.map((r) => r.key);
  const fitting = rows.length - (here && state.byKey.has(here) && !fits(state.byKey.get(here)) ? 1 : 0);
  $("count").textContent = `${fitting} of ${state.rows.length} rows`;
  rowList.set(state.shown, state.shown.indexOf(here));
}
async function find() {
  const text = $("search").value;
  if (!text) state.found = null;
  else {
    const keys = (await call("search", { text })).keys;
    if ($("search").value !== text) return;
    state.found = new Set(keys);
  }
  arrange();
}
function remember(summary) {
  if (!summary) return;
  const old = state.byKey.get(summary.key);
  if (old) Object.assign(old, summary);
}
async function go(key) {
  finishValue();
  if (!state.byKey.has(key)) return;
  const view = await call("row", { key });
  state.versions.set(key, view.version);
  show(view);
  const waiting = state.pending.get(key) || (state.flying && state.flying.key === key ? state.flying : null);
  if (waiting) { state.row.spans = waiting.spans; render(); }
}
function step(by) {
  if (!state.shown.length) return;
  const i = state.row ? state.shown.indexOf(state.row.key) : -1;
  const to = Math.min(state.shown.length - 1, Math.max(0, i + by));
  if (to !== i) return go(state.shown[to]);
  say(by > 0 ? "last row" : "first row");
}

/* One row */

const fresh = (s) => ({ ...s, uid: ++uids });
function show(view) {
  const same = state.row && state.row.key === view.key;
  if (!same || state.row.text !== view.text) {
    blocks = [];
    $("text").replaceChildren();
  }
  state.row = { ...view, spans: view.spans.map(fresh) };
  if (!same) {
    state.caret = state.anchor = 0;
    state.current = null;
    $("frame").scrollTop = 0;
  }
  state.suggestion = null;
  state.graphemes = new Intl.Segmenter(view.lang || undefined, { granularity: "grapheme" }).segment(view.text);
  state.edges = null;
  if (view.editable) call("tokens", { key: view.key }).then((t) => { if (state.row.key === view.key) state.edges = t.edges; }, () => {});
  $("where").textContent = [view.id || "no id", `line ${view.number}`, view.lang, view.date, view.editable ? null : "cannot be edited here"].filter(Boolean).join(" · ");
  $("text").lang = view.lang || "";
  drawSides();
  render();
  const i = state.shown.indexOf(view.key);
  if (i < 0) arrange(); else rowList.select(i);
  if (!same) {
    say(`row ${view.id || view.number}, ${view.spans.length} spans, ${view.suggestions.length} suggestions, ${view.findings.length} findings`);
    if (document.activeElement === document.body || document.activeElement.closest("#text")) $("text").focus({ preventScroll: true });
  }
}
/* Take what the server made of an edit, and leave alone what was changed since. */
function adopt(view, sent) {
  if (!state.row || state.row.key !== view.key) return;
  const later = state.pending.has(view.key);
  const made = new Map(sent ? sent.map((s, i) => [s.uid, [s, view.spans[i]]]) : []);
  if (!sent) { if (!later) { const keep = place(); show(view); back(keep); } return; }
  state.row.spans = state.row.spans.map((s) => {
    const pair = made.get(s.uid);
    if (!pair || !pair[1]) return s;
    const [was, now] = pair;
    return was.start === s.start && was.end === s.end && was.label === s.label && was.raw === s.raw ? { ...now, uid: s.uid } : { ...s, raw: was.raw === s.raw ? now.raw : s.raw };
  });
  state.row.version = view.version;
  if (!later && signature(state.row.spans) !== signature(view.spans)) { const keep = place(); show(view); back(keep); return; }
  if (!later) {
    const chosen = state.suggestion;
    Object.assign(state.row, { findings: view.findings, suggestions: view.suggestions, done: view.done, conflict: view.conflict, sides: view.sides });
    state.suggestion = view.suggestions.some((s) => s.sid === chosen) ? chosen : null;
  }
  render();
}
function place() { const s = span(); return s ? { start: s.start, end: s.end } : null; }
function back(p) {
  if (!p) return;
  const s = state.row.spans.find((x) => x.start === p.start && x.end === p.end);
  if (s) focusSpan(s.uid);
}
const span = () => (state.row && state.row.spans.find((s) => s.uid === state.current)) || null;
const inOrder = (spans) => spans.slice().sort((a, b) => (a.start ?? Infinity) - (b.start ?? Infinity) || (a.end ?? 0) - (b.end ?? 0));

/* Saving: one edit at a time is under way, the newest state of each row waits; what waits outlives this page */

const shelf = () => `finextract ${state.file} ${me}`;
function keep() {
  const list = [...state.pending.values()];
  if (state.flying && !state.pending.has(state.flying.key)) list.unshift(state.flying);
  for (const [key, s] of state.stale) list.push({ ...s, key });
  if (list.length) localStorage.setItem(shelf(), JSON.stringify(list)); else localStorage.removeItem(shelf());
}
function send(spans, key = state.row.key, by = me) {
  const version = state.versions.get(key);
  state.pending.set(key, { key, version, by, spans });
  keep();
  pump();
}
async function pump() {
  if (state.flying || !state.pending.size) { showStatus(); return; }
  const [key, edit] = state.pending.entries().next().value;
  state.pending.delete(key);
  state.flying = edit;
  showStatus();
  try {
    const body = { key, version: edit.version, by: edit.by, spans: edit.spans.map(({ raw, start, end, label }) => ({ raw, start, end, label })) };
    const answer = await call("edit", body);
    state.flying = null;
    const next = state.pending.get(key);
    if (next && next.by === edit.by) next.version = answer.row.version;
    state.versions.set(key, answer.row.version);
    state.unsaved = Math.max(1, state.unsaved);
    keep();
    adopt(answer.row, edit.spans);
    remember(answer.summary);
    rowList.paint();
  } catch (error) {
    state.flying = null;
    if (!(error instanceof Refused) || error.status === 403) {
      if (!state.pending.has(key)) state.pending.set(key, edit);
      keep();
      setTimeout(pump, 1000);
      showStatus();
      return;
    }
    const newest = state.pending.get(key) || edit;
    state.pending.delete(key);
    if (error.status === 409 || error.status === 404) {
      state.stale.set(key, newest);
      keep();
      if (error.status === 409 && state.row && state.row.key === key) await go(key); else say("a row was changed on disk");
      arrange();
    } else {
      keep();
      warn(`${error.code}: ${error.message}`);
      if (state.row && state.row.key === key) await go(key);
    }
  }
  showStatus();
  pump();
}
function warn(message) {
  const box = $("alert");
  box.hidden = !message;
  box.textContent = message || "";
  if (message) { clearTimeout(warn.timer); warn.timer = setTimeout(() => { box.hidden = true; }, 8000); }
}
function signature(spans) { return JSON.stringify(inOrder(spans).map((s) => [s.start, s.end, s.label])); }
/* Every change of spans goes through here. */
function change(spans, focus = null, more = {}) {
  if (!state.row.editable) { warn("this line cannot be edited here"); return false; }
  const before = state.row.spans, after = inOrder(spans);
  state.undo.push({ key: state.row.key, before, after, was: state.current, focus, ...more });
  state.redo = [];
  put(after, focus);
  return true;
}
function put(spans, focus) {
  state.row.spans = spans;
  state.current = focus;
  send(spans);
  render();
  if (focus !== null && spans.some((s) => s.uid === focus)) focusSpan(focus); else $("text").focus({ preventScroll: true });
}
async function travel(from, to, undoing) {
  const step = from.pop();
  if (!step) { say(undoing ? "nothing to undo" : "nothing to redo"); return; }
  if (state.row.key !== step.key) await go(step.key);
  if (step.before && signature(state.row.spans) !== signature(undoing ? step.after : step.before)) {
    from.push(step);
    warn("The row was changed elsewhere since; this step cannot be taken back");
    return;
  }
  to.push(step);
  if (step.sids) decide("refuse", step.sids, !undoing);
  if (step.before) put(undoing ? step.before : step.after, undoing ? step.was : step.focus);
  say(undoing ? "undone" : "done again");
}
async function decide(op, sids, on) {
  const key = state.row.key;
  while (state.flying || state.pending.size) await new Promise((r) => setTimeout(r, 30)); // first the edit that goes with it
  const answer = await call("decide", { key, op, on, sids });
  remember(answer.summary);
  if (!state.pending.has(key) && !(state.flying && state.flying.key === key)) adopt(answer.row, null);
  rowList.paint();
}

/* Editing */

function trimmed(start, end) {
  const text = state.row.text;
  while (start < end && /\s/u.test(text[start])) start++;
  while (end > start && /\s/u.test(text[end - 1])) end--;
  return [start, end];
}
function mark(label) {
  const range = selected();
  const s = span();
  if (!range && s) {
    if (s.label !== label) change(state.row.spans.map((x) => (x === s ? { ...s, label, short: "", reads: "" } : x)), s.uid);
    return;
  }
  if (!range) { say("select text first"); return; }
  const [start, end] = trimmed(...range);
  if (start >= end) return;
  const clear = state.row.spans.filter((x) => x.start === null || x.end <= start || x.start >= end);
  const replaced = state.row.spans.length - clear.length;
  const made = { uid: ++uids, raw: "", start, end, label, text: state.row.text.slice(start, end), short: "", reads: "" };
  getSelection().removeAllRanges();
  state.caret = state.anchor = end;
  if (change([...clear, made], made.uid)) say(`${label} ${made.text}${replaced ? `, instead of ${replaced} that it overlapped` : ""}`);
}
function remove() {
  const s = span();
  if (!s) { say("no span is chosen"); return; }
  const spans = state.row.spans, i = spans.indexOf(s), rest = spans.filter((x) => x !== s);
  const next = rest[Math.min(i, rest.length - 1)];
  state.caret = state.anchor = s.start ?? 0;
  if (change(rest, next ? next.uid : null)) say(`deleted ${s.text || ""}`);
}
function forward(at, byToken) {
  const size = state.row.text.length;
  if (at >= size) return size;
  if (byToken) { const e = edges(); let i = bisect(e, at + 1); return i < e.length ? e[i] : size; }
  const c = state.graphemes.containing(at);
  return c.index + c.segment.length;
}
function backward(at, byToken) {
  if (at <= 0) return 0;
  if (byToken) { const e = edges(); const i = bisect(e, at) - 1; return i >= 0 ? e[i] : 0; }
  return state.graphemes.containing(at - 1).index;
}
function edges() {
  if (!state.edges) {
    const cut = new Intl.Segmenter(state.row.lang || undefined, { granularity: "word" }).segment(state.row.text);
    state.edges = [0, ...Array.from(cut, (c) => c.index + c.segment.length)];
  }
  return state.edges;
}
function bisect(list, x) {
  let low = 0, high = list.length;
  while (low < high) { const mid = (low + high) >> 1; if (list[mid] < x) low = mid + 1; else high = mid; }
  return low;
}
function move(edge, right, byToken) {
  const s = span();
  if (!s || s.start === null) { say("no span is chosen"); return; }
  const others = state.row.spans.filter((x) => x !== s && x.start !== null);
  const left = Math.max(0, ...others.filter((x) => x.end <= s.start).map((x) => x.end));
  const limit = Math.min(state.row.text.length, ...others.filter((x) => x.start >= s.end).map((x) => x.start));
  let { start, end } = s;
  if (edge === "start") start = right ? forward(start, byToken) : Math.max(left, backward(start, byToken));
  else end = right ? Math.min(limit, forward(end, byToken)) : backward(end, byToken);
  if (start >= end || (start === s.start && end === s.end)) { say("it cannot go further"); return; }
  const text = state.row.text.slice(start, end);
  if (change(state.row.spans.map((x) => (x === s ? { ...s, start, end, text } : x)), s.uid)) say(text);
}
function accept() {
  const s = suggestion(true);
  if (!s) { say("no suggestion"); return; }
  let spans = state.row.spans, focus = null;
  if (s.kind === "remove") spans = spans.filter((x) => !(x.start === s.start && x.end === s.end && x.label === s.label));
  else {
    const made = { uid: ++uids, raw: s.raw, start: s.start, end: s.end, label: s.label, text: s.text, short: s.short, reads: "" };
    spans = [...spans.filter((x) => x.start === null || x.end <= s.start || x.start >= s.end), made];
    focus = made.uid;
  }
  /* of two annotators' proposals for one place the other one is settled by this */
  const settled = state.adjudicate ? state.row.suggestions.filter((o) => o.sid !== s.sid && o.source !== s.source && o.start < s.end && s.start < o.end).map((o) => o.sid) : [];
  const i = state.row.suggestions.indexOf(s);
  state.row.suggestions = state.row.suggestions.filter((o) => o !== s && !settled.includes(o.sid));
  const next = state.row.suggestions[Math.min(i, state.row.suggestions.length - 1)];
  if (!change(spans, focus, settled.length ? { sids: settled } : {})) return;
  if (settled.length) decide("refuse", settled, true).catch(() => {});
  state.suggestion = next ? next.sid : null;
  showSuggestions();
  say(`accepted ${s.label} ${s.text}${next ? `; next: ${describe(next)}` : ""}`);
}
function refuse() {
  const s = suggestion(true);
  if (!s) { say("no suggestion"); return; }
  const i = state.row.suggestions.indexOf(s);
  state.row.suggestions = state.row.suggestions.filter((o) => o !== s);
  const next = state.row.suggestions[Math.min(i, state.row.suggestions.length - 1)];
  state.suggestion = next ? next.sid : null;
  state.undo.push({ key: state.row.key, sids: [s.sid] });
  state.redo = [];
  decide("refuse", [s.sid], true).catch((e) => warn(e.message));
  showSuggestions();
  say(`refused ${s.label} ${s.text}`);
}
function suggestion(first = false) {
  const list = state.row ? state.row.suggestions : [];
  return list.find((s) => s.sid === state.suggestion) || (first ? list[0] : null) || null;
}
function walkSuggestions(by) {
  const list = state.row.suggestions;
  if (!list.length) { say("no suggestions"); return; }
  const i = list.findIndex((s) => s.sid === state.suggestion);
  chooseSuggestion(list[i < 0 ? (by > 0 ? 0 : list.length - 1) : (i + by + list.length) % list.length]);
}
const VERB = { add: "add", change: "put instead", value: "set the value of", remove: "take away" };
function describe(s) { return `${VERB[s.kind]} ${s.label} ${s.text}${s.short ? ` = ${s.short}` : ""}, by ${s.source}${s.score < 1 ? `, ${s.score.toFixed(2)}` : ""}`; }
function chooseSuggestion(s) {
  state.suggestion = s.sid;
  showSuggestions();
  reveal(s.start);
  say(describe(s));
}
async function finish() {
  const done = !state.row.done, key = state.row.key;
  state.row.done = done;
  $("tools").querySelector("[data-do=done]").setAttribute("aria-pressed", done);
  const i = state.shown.indexOf(key), next = state.shown[i + 1];
  await decide("done", [""], done);
  if (done && next && state.row.key === key) await go(next);
}

/* Values */

let shownValue = null;
function showDetail() {
  const s = span(), box = $("detail");
  box.hidden = !s;
  if (!s) return;
  $("d-label").textContent = s.label || "no label";
  $("d-text").textContent = s.text || "";
  const input = $("value");
  if (document.activeElement !== input || shownValue !== s.uid) { input.value = s.short; $("v-error").textContent = ""; }
  shownValue = s.uid;
  const differs = s.reads && s.reads !== s.short;
  $("v-hint").textContent = s.reads ? `${differs ? "⚠ the grammar reads" : "as the grammar reads it:"} ${s.reads}` : s.label === "COMPANY" ? "the usual English name" : "";
  box.querySelector("[data-do=reading]").hidden = !differs;
}
async function checkValue(text) {
  const s = span();
  if (!s) return null;
  try {
    const answer = await call("value", { key: state.row.key, span: { raw: s.raw, start: s.start, end: s.end, label: s.label }, text });
    $("v-error").textContent = "";
    $("v-hint").textContent = answer.contradicts ? `⚠ ${answer.short}; the grammar reads ${answer.reads}` : answer.short;
    return answer;
  } catch (error) {
    if (error instanceof Refused) $("v-error").textContent = error.message;
    return null;
  }
}
async function setValue(text) {
  const s = span(), key = state.row.key;
  const answer = await checkValue(text);
  if (!answer || state.row.key !== key) return false;
  const now = state.row.spans.find((x) => x.uid === s.uid);
  if (!now) return false;
  if (answer.raw !== now.raw) change(state.row.spans.map((x) => (x === now ? { ...now, raw: answer.raw, short: answer.short } : x)), now.uid);
  else focusSpan(now.uid);
  return true;
}
function finishValue() {
  const s = span();
  if (document.activeElement === $("value") && s && $("value").value !== s.short) setValue($("value").value);
}

/* Drawing */

let blocks = [];
function notes() {
  const worst = new Map();
  const spans = inOrder(state.row.spans);
  for (const f of state.row.findings) {
    if (f.start === null) continue;
    for (const s of spans) {
      if (s.start === f.start && s.end === f.end) {
        const old = worst.get(s.uid) || { severity: "warning", text: [] };
        worst.set(s.uid, { severity: f.severity === "error" ? "error" : old.severity, text: [...old.text, `${f.code}: ${f.message}`] });
      }
    }
  }
  return worst;
}
function render() {
  const row = state.row;
  const text = row.text, spans = inOrder(row.spans).filter((s) => s.start !== null), worst = row.findings.length ? notes() : new Map();
  const cuts = [0];
  let at = BLOCK, k = 0;
  while (at < text.length) {
    while (k < spans.length && spans[k].end <= at) k++;
    let cut = k < spans.length && spans[k].start < at ? spans[k].end : at;
    if (cut < text.length && (text.charCodeAt(cut) & 0xfc00) === 0xdc00) cut++;
    if (cut < text.length && text[cut] === "\n") cut++;
    cuts.push(cut);
    at = Math.max(at + BLOCK, cut + 1);
    at -= at % BLOCK;
  }
  if (cuts[cuts.length - 1] < text.length || cuts.length === 1) cuts.push(text.length);
  const next = [];
  k = 0;
  for (let b = 0; b + 1 < cuts.length; b++) {
    const from = cuts[b], to = cuts[b + 1], inside = [];
    while (k < spans.length && spans[k].start < to) inside.push(spans[k++]);
    const sig = `${from} ${to} ${state.white} ${row.key} ` + JSON.stringify(inside.map((s) => [s.uid, s.start, s.end, s.label, s.short, worst.get(s.uid)]));
    const old = blocks[b];
    next.push(old && old.sig === sig ? old : { sig, ...drawBlock(from, to, inside, worst) });
  }
  const box = $("text"), range = selected(), focused = box.contains(document.activeElement) ? document.activeElement.dataset.uid : undefined;
  let redrawn = false;
  for (let b = 0; b < next.length; b++) {
    if (blocks[b] === next[b] && next[b].element.parentNode === box) continue;
    redrawn = true;
    if (blocks[b] && blocks[b].element.parentNode === box) blocks[b].element.replaceWith(next[b].element);
    else box.append(next[b].element);
  }
  for (const old of blocks) if (!next.includes(old)) old.element.remove();
  blocks = next;
  state.segments = blocks.flatMap((b) => b.segments);
  if (redrawn) { // what was focused or selected is there again, as other elements
    const e = focused === undefined ? null : elementOf(Number(focused));
    if (e && e !== document.activeElement) e.focus({ preventScroll: true });
    else if (focused !== undefined && !e) box.focus({ preventScroll: true });
    const a = range && spotAt(Math.min(range[0], row.text.length)), b = range && spotAt(Math.min(range[1], row.text.length));
    if (a && b) getSelection().setBaseAndExtent(...a, ...b);
  }
  box.classList.toggle("values", state.values);
  showCurrent();
  showConflict();
  showSuggestions();
  findingList.set(row.findings.concat(row.problems));
  $("n-findings").textContent = `(${row.findings.length + row.problems.length})`;
  spanList.set(inOrder(row.spans), inOrder(row.spans).findIndex((s) => s.uid === state.current));
  $("n-spans").textContent = `(${row.spans.length})`;
  $("tools").querySelector("[data-do=done]").setAttribute("aria-pressed", row.done);
  for (const [name, on] of [["undo", state.undo.length], ["redo", state.redo.length]]) $("tools").querySelector(`[data-do=${name}]`).disabled = !on;
  showStatus();
}
function drawBlock(from, to, spans, worst) {
  const element = el("span"), segments = [];
  let at = from;
  const plain = (until) => {
    if (until <= at) return;
    const e = el("span", { "data-o": at });
    fill(e, state.row.text.slice(at, until));
    segments.push({ start: at, end: until, e });
    element.append(e);
    at = until;
  };
  for (const s of spans) {
    const start = Math.max(s.start, at);
    if (start >= s.end) continue;
    plain(start);
    const bad = worst.get(s.uid);
    const value = s.short && s.short !== s.text ? s.short : null;
    const e = el("span", {
      class: `span ${s.label || "unlabelled"}${bad ? ` ${bad.severity}` : ""}`, role: "button", tabindex: 0, "data-o": start, "data-uid": s.uid, "data-value": value,
      "aria-label": `${s.label || "no label"} ${s.text || ""}, ${s.short ? `value ${s.short}` : "no value"}${bad ? `, ${bad.text.join("; ")}` : ""}`,
      title: bad ? bad.text.join("\n") : null,
    });
    fill(e, state.row.text.slice(start, s.end));
    segments.push({ start, end: s.end, e, uid: s.uid });
    element.append(e);
    at = s.end;
  }
  plain(to);
  return { element, segments };
}
const INVISIBLE = /[\s\u0000-\u001f\u007f-\u00a0\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]/u;
function fill(e, text) {
  if (!state.white || !INVISIBLE.test(text)) { e.append(document.createTextNode(text)); return; }
  let plain = "";
  const flush = () => { if (plain) e.append(document.createTextNode(plain)); plain = ""; };
  for (const c of text) {
    if (!INVISIBLE.test(c)) { plain += c; continue; }
    flush();
    const sign = { " ": "·", "\t": "→", "\n": "↵", "\r": "␍", "\u3000": "□", "\u00a0": "°" }[c];
    e.append(el("i", { class: sign && c !== "\r" ? "ws" : "ws wide", "data-w": sign || `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` }, document.createTextNode(c)));
  }
  flush();
}
function elementOf(uid) { const s = state.segments.find((x) => x.uid === uid); return s ? s.e : null; }
function showCurrent() {
  for (const e of $("text").querySelectorAll(".current")) e.classList.remove("current");
  const e = state.current === null ? null : elementOf(state.current);
  if (e) e.classList.add("current");
  if (state.current !== null && !span()) state.current = null;
  showDetail();
  showCaret();
}
function focusSpan(uid) {
  state.current = uid;
  const e = elementOf(uid);
  if (e) {
    if (document.activeElement !== e) e.focus({ preventScroll: true });
    const box = $("frame").getBoundingClientRect(), r = e.getBoundingClientRect();
    if (r.top < box.top || r.bottom > box.bottom) e.scrollIntoView({ block: "center" });
  }
  showCurrent();
  spanList.select(spanList.items.findIndex((s) => s.uid === uid));
}
function spotAt(offset) {
  const list = state.segments;
  if (!list.length) return null;
  let low = 0, high = list.length - 1;
  while (low < high) { const mid = (low + high + 1) >> 1; if (list[mid].start <= offset) low = mid; else high = mid - 1; }
  let rest = offset - list[low].start;
  const walk = document.createTreeWalker(list[low].e, NodeFilter.SHOW_TEXT);
  let node = walk.nextNode(), last = node;
  while (node) { if (rest <= node.length) return [node, rest]; rest -= node.length; last = node; node = walk.nextNode(); }
  return last ? [last, last.length] : null;
}
function rangeOf(start, end) {
  const a = spotAt(start), b = spotAt(end);
  if (!a || !b) return null;
  const range = document.createRange();
  range.setStart(...a);
  range.setEnd(...b);
  return range;
}
function offsetOf(node, offset) {
  const host = (node.nodeType === 1 ? node : node.parentNode).closest("[data-o]");
  if (!host) {
    if (!$("text").contains(node)) return null;
    const range = document.createRange();
    range.setStart($("text"), 0);
    range.setEnd(node, offset);
    return range.toString().length;
  }
  const range = document.createRange();
  range.setStart(host, 0);
  range.setEnd(node, offset);
  return Number(host.dataset.o) + range.toString().length;
}
function selected() {
  const s = getSelection();
  if (!s.rangeCount || s.isCollapsed || !$("text").contains(s.anchorNode) || !$("text").contains(s.focusNode)) return null;
  const a = offsetOf(s.anchorNode, s.anchorOffset), b = offsetOf(s.focusNode, s.focusOffset);
  return a === null || b === null || a === b ? null : [Math.min(a, b), Math.max(a, b)];
}
function reveal(offset) {
  const range = rangeOf(offset, Math.min(offset + 1, state.row.text.length));
  if (!range) return;
  const r = range.getBoundingClientRect(), frame = $("frame"), box = frame.getBoundingClientRect();
  if (r.top < box.top + 20) frame.scrollTop -= box.top + 60 - r.top;
  else if (r.bottom > box.bottom - 20) frame.scrollTop += r.bottom - box.bottom + 60;
}
function showCaret() {
  const caret = $("caret");
  const on = document.activeElement === $("text") && state.row && state.row.text;
  caret.hidden = !on;
  if (!on) return;
  const at = state.caret, range = at > 0 && state.row.text[at - 1] !== "\n" ? rangeOf(at - 1, at) : rangeOf(at, Math.min(at + 1, state.row.text.length));
  if (!range) return;
  const rects = range.getClientRects(), box = $("frame").getBoundingClientRect();
  const r = rects.length ? rects[rects.length - 1] : range.getBoundingClientRect();
  const right = at > 0 && state.row.text[at - 1] !== "\n";
  caret.style.left = `${(right ? r.right : r.left) - box.left + $("frame").scrollLeft}px`;
  caret.style.top = `${r.top - box.top + $("frame").scrollTop}px`;
  caret.style.height = `${r.height || 20}px`;
}
function setCaret(at, extend) {
  state.caret = at;
  if (!extend) state.anchor = at;
  const a = spotAt(state.anchor), b = spotAt(at);
  if (a && b) getSelection().setBaseAndExtent(...a, ...b);
  reveal(at);
  showCaret();
}
function byLine(down, extend) {
  const s = getSelection();
  setCaret(state.caret, extend && state.anchor !== state.caret);
  s.modify(extend ? "extend" : "move", down ? "forward" : "backward", "line");
  const at = s.focusNode && $("text").contains(s.focusNode) ? offsetOf(s.focusNode, s.focusOffset) : null;
  setCaret(at === null || at === state.caret ? (down ? state.row.text.length : 0) : at, extend);
}

const suggestionList = new VList($("suggestions"), 42, (s) => el("div", { "data-sid": s.sid, "aria-label": describe(s) },
  el("span", {}, `${VERB[s.kind]} ${s.label} `, el("b", { class: "text" }, s.text)),
  el("small", {}, `${s.short ? `= ${s.short} · ` : ""}${s.source}${s.score < 1 ? ` · ${s.score.toFixed(2)}` : ""}`)), (s) => chooseSuggestion(s));
const findingList = new VList($("findings"), 42, (f) => el("div", { title: f.message }, el("span", {}, `${f.severity === "warning" ? "△" : "✖"} ${f.code} `, f.message),
  el("small", {}, f.meant ? `meant: ${f.meant}` : "")), (f) => {
  if (f.start === null || f.start === undefined) return;
  const s = state.row.spans.find((x) => x.start === f.start && x.end === f.end);
  if (s) focusSpan(s.uid); else { reveal(f.start); $("text").focus({ preventScroll: true }); state.current = null; setCaret(f.start, false); setCaret(f.end, true); }
});
const spanList = new VList($("spans"), 42, (s) => el("div", {}, el("span", {}, `${s.label || "?"} `, el("b", { class: "text" }, s.text || "?")),
  el("small", {}, `${s.start === null ? "has no place in the text · " : ""}${s.short || "no value"}${s.reads && s.reads !== s.short ? ` · the grammar reads ${s.reads}` : ""}`)), (s) => focusSpan(s.uid));
function showSuggestions() {
  const list = state.row.suggestions, i = list.findIndex((s) => s.sid === state.suggestion);
  suggestionList.set(list, i);
  if (i >= 0) suggestionList.select(i);
  $("n-suggestions").textContent = `(${list.length})`;
  const make = (items) => new Highlight(...items.slice(0, 400).map((s) => rangeOf(s.start, s.end)).filter(Boolean));
  CSS.highlights.set("suggest", make(list));
  CSS.highlights.set("current", make(i >= 0 ? [list[i]] : []));
  const loose = state.row.findings.filter((f) => f.start !== null && f.end > f.start && !state.row.spans.some((s) => s.start === f.start && s.end === f.end));
  CSS.highlights.set("finding", make(loose));
}
function drawSides() {
  const box = $("sides"), row = state.row;
  box.replaceChildren();
  const sides = row.sides || [];
  const key = (s) => `${s.start} ${s.end} ${s.label} ${s.short}`;
  sides.forEach((side, n) => {
    const other = sides[1 - n], theirs = new Set(other ? other.spans.map(key) : []);
    const text = el("div", { class: "side-text", lang: row.lang });
    let at = 0;
    for (const s of inOrder(side.spans)) {
      if (s.start < at) continue;
      text.append(document.createTextNode(row.text.slice(at, s.start)));
      text.append(el("span", { class: `span ${s.label || "unlabelled"}${theirs.has(key(s)) ? "" : " differs"}`, title: s.short, role: "img", "aria-label": `${s.label} ${s.text}, ${s.short}${theirs.has(key(s)) ? "" : ", only here"}` }, document.createTextNode(row.text.slice(s.start, s.end))));
      at = s.end;
    }
    text.append(document.createTextNode(row.text.slice(at)));
    box.append(el("div", { role: "region", "aria-label": side.name }, el("h3", {}, side.name + (side.missing ? ": has no such row" : side.other_text ? ": has another text" : "")), text));
  });
}
function showConflict() {
  const box = $("conflict"), row = state.row, stale = state.stale.get(row.key);
  box.replaceChildren();
  box.hidden = !row.conflict && !stale;
  if (box.hidden) return;
  const mine = stale ? stale.spans.map((s) => `${s.label} ${s.text} ${s.short}`) : row.conflict.mine;
  const disk = stale ? row.spans.map((s) => `${s.label} ${s.text} ${s.short}`) : row.conflict.disk;
  const only = (a, b) => a.filter((x) => !b.includes(x)).join(" | ") || "nothing else";
  box.append(el("p", {}, "This row was changed here and on disk. Nothing was overwritten."),
    el("p", {}, `Only in yours: ${only(mine, disk)}`), el("p", {}, `Only on disk: ${only(disk, mine)}`),
    el("button", { type: "button", "data-do": "mine" }, "Keep mine"), " ", el("button", { type: "button", "data-do": "disk" }, "Take what is on disk"));
}
async function resolve(take) {
  const key = state.row.key, stale = state.stale.get(key);
  if (stale) {
    state.stale.delete(key);
    keep();
    if (take === "mine") change(stale.spans.filter((s) => s.start === null || s.end <= state.row.text.length).map(fresh), null);
    else render();
  } else {
    const answer = await call("resolve", { key, take });
    state.versions.set(key, answer.row.version);
    remember(answer.summary);
    adopt(answer.row, null);
  }
  arrange();
}

/* Keys and mouse: both end in these */

const ACTIONS = {
  help: () => $("help").showModal(),
  "start-": () => move("start", false, $("bytoken").checked), "start+": () => move("start", true, $("bytoken").checked),
  "end-": () => move("end", false, $("bytoken").checked), "end+": () => move("end", true, $("bytoken").checked),
  delete: remove, undo: () => travel(state.undo, state.redo, true), redo: () => travel(state.redo, state.undo, false),
  accept, refuse, previous: () => step(-1), next: () => step(1), done: finish,
  white: () => { state.white = !state.white; toggle("white", state.white); },
  values: () => { state.values = !state.values; toggle("values", state.values); },
  reading: () => { const s = span(); if (s && s.reads) setValue(s.reads); else if (s) setValue(""); },
  mine: () => resolve("mine"), disk: () => resolve("disk"),
};
function toggle(name, on) {
  $("tools").querySelector(`[data-do=${name}]`).setAttribute("aria-pressed", on);
  render();
  if (state.current !== null) focusSpan(state.current);
  say(`${name} ${on ? "shown" : "hidden"}`);
}
for (const [i, label] of LABELS.entries()) {
  $("labels").append(el("button", { type: "button", "data-mark": label, class: label, "aria-keyshortcuts": i + 1 }, `${label} `, el("kbd", {}, String(i + 1))), " ");
  $("label").append(el("option", { value: label }, label));
}
for (const [keys, what] of KEYS) $("keys").append(el("tr", {}, el("td", {}, el("kbd", {}, keys)), el("td", {}, what)));

document.addEventListener("mousedown", (e) => { if (e.target.closest("#tools button, [data-do]")) e.preventDefault(); }); // a button must not take the selection away
document.addEventListener("click", (e) => {
  const button = e.target.closest("button");
  if (!button) return;
  if (button.dataset.mark && state.row) mark(button.dataset.mark);
  else if (button.dataset.do && (state.row || button.dataset.do === "help")) ACTIONS[button.dataset.do]();
});
$("text").addEventListener("focusin", (e) => {
  const host = e.target.closest("[data-uid]");
  const uid = host ? Number(host.dataset.uid) : null;
  if (uid !== state.current) {
    state.current = uid;
    showCurrent();
    spanList.select(spanList.items.findIndex((s) => s.uid === uid));
  }
  if (uid === null) showCaret();
});
$("text").addEventListener("focusout", () => { $("caret").hidden = true; });
$("text").addEventListener("mouseup", () => {
  const s = getSelection();
  if (!s.rangeCount || !$("text").contains(s.focusNode)) return;
  const at = offsetOf(s.focusNode, s.focusOffset), from = offsetOf(s.anchorNode, s.anchorOffset);
  if (at !== null) { state.caret = at; state.anchor = from ?? at; }
  showCaret();
});
function textKey(e) {
  const right = e.key === "ArrowRight", token = e.ctrlKey || e.altKey, s = span();
  switch (e.key) {
    case "ArrowLeft": case "ArrowRight":
      if (s) { move(e.shiftKey ? "start" : "end", right, token); return true; }
      setCaret(right ? forward(state.caret, token) : backward(state.caret, token), e.shiftKey);
      return true;
    case "ArrowUp": case "ArrowDown":
      if (s) return false;
      byLine(e.key === "ArrowDown", e.shiftKey);
      return true;
    case "Home": case "End":
      if (s) return false;
      setCaret(e.key === "End" ? state.row.text.length : 0, e.shiftKey);
      return true;
    case "Escape":
      if (s) { state.caret = state.anchor = s.end ?? 0; state.current = null; $("text").focus({ preventScroll: true }); getSelection().removeAllRanges(); showCurrent(); } else getSelection().removeAllRanges();
      return true;
    case "Enter": case " ":
      if (s && e.key === "Enter") { $("value").focus(); $("value").select(); return true; }
      return e.key === " ";
    default: return false;
  }
}
const LETTERS = {
  u: "undo", r: "redo", a: "accept", x: "refuse", n: "next", p: "previous", d: "done", w: "white", v: "values", g: "reading", "?": "help",
};
document.addEventListener("keydown", (e) => {
  if ($("help").open || e.isComposing) return;
  const target = e.target, field = target.matches("input:not([type=checkbox]), select, textarea");
  if (e.key === "Escape" && (field || !$("text").contains(target))) {
    if (target === $("value")) { const s = span(); if (s) { target.value = s.short; focusSpan(s.uid); e.preventDefault(); return; } }
    $("text").focus();
    e.preventDefault();
    return;
  }
  if (target === $("value")) {
    if (e.key === "Enter") { e.preventDefault(); setValue(target.value); }
    if ((e.ctrlKey || e.metaKey) && ["z", "y"].includes(e.key.toLowerCase())) e.stopPropagation();
    return;
  }
  if (field || !state.row) return;
  const control = e.ctrlKey || e.metaKey;
  let done = true;
  if (control && e.key.toLowerCase() === "z") ACTIONS[e.shiftKey ? "redo" : "undo"]();
  else if (control && e.key.toLowerCase() === "y") ACTIONS.redo();
  else if ($("text").contains(target) && textKey(e)) done = true;
  else if (target === $("rows") && ["ArrowUp", "ArrowDown"].includes(e.key)) step(e.key === "ArrowDown" ? 1 : -1);
  else if (control || e.altKey || e.metaKey) done = false;
  else if (/^[1-4]$/.test(e.key)) mark(LABELS[Number(e.key) - 1]);
  else if (e.key === "Delete" || e.key === "Backspace") remove();
  else if (e.key === "s" || e.key === "S") walkSuggestions(e.key === "S" ? -1 : 1);
  else if (e.key === "/") { $("search").focus(); $("search").select(); }
  else if (e.key === "f") $("filter").focus();
  else if (LETTERS[e.key]) ACTIONS[LETTERS[e.key]]();
  else done = false;
  if (done) e.preventDefault();
});
let typing;
$("value").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => checkValue($("value").value), 80); });
$("value").addEventListener("blur", () => { clearTimeout(typing); });
$("detail").addEventListener("submit", (e) => e.preventDefault());
for (const id of ["filter", "label", "order"]) $(id).addEventListener("change", arrange);
$("search").addEventListener("input", () => { clearTimeout(find.timer); find.timer = setTimeout(() => find().catch(() => {}), 120); });
window.addEventListener("resize", showCaret);

/* What happens elsewhere */

async function poll() {
  try {
    const news = await call("poll", { since: state.revision });
    state.unsaved = news.unsaved;
    state.problem = news.problem;
    state.read = news.read;
    const advanced = news.revision !== state.revision;
    state.revision = news.revision;
    if (news.moved && advanced) await list();
    else if (news.rows.length) {
      news.rows.forEach(remember);
      if ($("filter").value === "all" && $("order").value === "file") rowList.paint(); else arrange();
    }
    const key = state.row && state.row.key;
    if (key && key in news.versions && !state.pending.has(key) && !(state.flying && state.flying.key === key)) {
      const summary = state.byKey.get(key);
      if (news.versions[key] !== state.row.version || Boolean(summary && summary.conflict) !== Boolean(state.row.conflict)) {
        const keepPlace = place();
        await go(key);
        back(keepPlace);
        say("this row was changed on disk");
      }
    }
    showStatus();
  } catch { /* said by call() */ }
  setTimeout(poll, 700);
}
async function list() {
  const all = await call("open", {});
  Object.assign(state, { file: all.file, rows: all.rows, revision: all.revision, labels: all.labels, adjudicate: all.sides.length > 0, gone: all.gone });
  state.byKey = new Map(all.rows.map((r) => [r.key, r]));
  $("file").textContent = all.sides.length ? `${all.sides.join(" + ")} → ${all.file}` : all.file;
  document.title = `${all.file.split(/[\\/]/).pop()} – Annotate`;
  showGone();
  arrange();
  if (state.row && state.byKey.has(state.row.key)) return;
  if (state.shown.length) await go(state.shown[0]);
  else { $("where").textContent = "the file holds no rows"; }
}
function showGone() {
  if (!state.gone.length) return;
  const box = $("alert");
  box.replaceChildren(el("span", {}, `${state.gone.length} rows that you changed were deleted on disk: `));
  for (const g of state.gone) {
    const row = el("span", {}, `${g.key} `);
    for (const [take, name] of [["mine", "bring it back"], ["disk", "let it go"]]) {
      const button = el("button", { type: "button" }, name);
      button.addEventListener("click", async () => { await call("resolve", { key: g.key, take }); box.hidden = true; await list(); });
      row.append(button, " ");
    }
    box.append(row);
  }
  clearTimeout(warn.timer);
  box.hidden = false;
}
/* Edits that an earlier page could not deliver */
function recover() {
  for (let i = localStorage.length - 1; i >= 0; i--) {
    const name = localStorage.key(i);
    if (!name.startsWith(`finextract ${state.file} `)) continue;
    for (const edit of JSON.parse(localStorage.getItem(name))) state.pending.set(edit.key, { ...edit, spans: edit.spans.map(fresh) });
    localStorage.removeItem(name);
  }
  const here = state.row && state.pending.get(state.row.key);
  if (here) { state.row.spans = here.spans; render(); }
  keep();
  pump();
}
async function begin() {
  try {
    await list();
    recover();
    $("text").focus({ preventScroll: true });
    requestAnimationFrame(() => setTimeout(() => performance.mark("drawn")));
    document.body.dataset.ready = "yes";
    poll();
  } catch (error) {
    showStatus();
    if (!state.reach) warn(String(error.message || error));
    setTimeout(begin, 1500);
  }
}
begin();
