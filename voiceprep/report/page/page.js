"use strict";
document.documentElement.classList.add("js");

const SKIP_S = 5;
const LINGER_S = 0.15; // a word stays lit this long after its end

const shown = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The sound of one answer, and everything on the page that moves with it. */
class Player {
  constructor(article) {
    const find = (selector) => article.querySelector(selector);
    this.article = article;
    this.audio = find("audio");
    this.play = find(".play");
    this.seekBar = find(".seek");
    this.speed = find(".speed");
    this.clock = find(".now-at");
    this.total = Number(find(".player").dataset.total);
    this.length = find(".seek").getAttribute("aria-valuetext").split(" of ")[1];
    this.number = article.id.slice(1);
    this.words = [...article.querySelectorAll(".w[data-s]")].map((element) => ({
      element, start: Number(element.dataset.s), end: Number(element.dataset.e),
    }));
    this.lit = null;
    this.lastLit = null;
    this.until = null;
    article.classList.add("playable");
    this.listen();
    this.show();
  }

  listen() {
    this.play.addEventListener("click", () => this.toggle());
    this.seekBar.addEventListener("input", () => this.seek(Number(this.seekBar.value)));
    this.speed.addEventListener("change", () => { this.audio.playbackRate = Number(this.speed.value); });
    for (const event of ["timeupdate", "seeking", "seeked", "pause", "ended", "loadedmetadata"]) {
      this.audio.addEventListener(event, () => this.show());
    }
    this.audio.addEventListener("play", () => {
      players.forEach((other) => other !== this && other.audio.pause());
      last = this;
      this.follow();
    });
  }

  get playing() { return !this.audio.paused && !this.audio.ended; }

  toggle() {
    this.until = null;
    if (this.playing) this.audio.pause(); else this.start();
    last = this;
  }

  // A sound that is stopped before it began rejects its promise, which is no fault.
  start() { this.audio.play().catch((error) => { if (error.name !== "AbortError") throw error; }); }

  seek(time, until = null) {
    this.audio.currentTime = Math.min(Math.max(time, 0), this.total);
    this.until = until;
    last = this;
    this.show();
  }

  playFrom(time, until = null) {
    this.seek(time, until);
    this.start();
  }

  /** Move to the start of the word before or after the one being said. */
  step(by) {
    const here = this.indexAt(this.audio.currentTime);
    const to = Math.min(Math.max(here + by, 0), this.words.length - 1);
    if (this.words.length) this.seek(this.words[to].start);
  }

  faster(by) {
    const to = this.speed.selectedIndex + by;
    if (to < 0 || to >= this.speed.options.length) return;
    this.speed.selectedIndex = to;
    this.audio.playbackRate = Number(this.speed.value);
    document.getElementById("announcement").textContent = `Speed ${this.speed.value}`;
  }

  /** The last word that has begun at a time, -1 before the first. */
  indexAt(time) {
    let low = 0, high = this.words.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.words[middle].start <= time + 0.005) low = middle + 1; else high = middle;
    }
    return low - 1;
  }

  follow() {
    if (this.until !== null && this.audio.currentTime >= this.until) {
      this.until = null;
      this.audio.pause();
    }
    this.show();
    if (this.playing) requestAnimationFrame(() => this.follow());
  }

  show() {
    const time = this.audio.currentTime;
    const word = this.words[this.indexAt(time)];
    const begun = time > 0 || this.playing;
    this.light(begun && word && time <= word.end + LINGER_S ? word.element : null);
    const clock = shown(time);
    if (this.clock.textContent !== clock) this.clock.textContent = clock;
    this.seekBar.value = time;
    this.seekBar.setAttribute("aria-valuetext", `${clock} of ${this.length}`);
    this.play.toggleAttribute("data-playing", this.playing);
    const label = `${this.playing ? "Pause" : "Play"} answer ${this.number}`;
    if (this.play.getAttribute("aria-label") !== label) this.play.setAttribute("aria-label", label);
  }

  light(element) {
    if (element === this.lit) return;
    this.lit?.classList.remove("now");
    element?.classList.add("now");
    this.lit = element;
    if (!element) return;
    // Only who reads along is taken along: the word before has to be in view.
    const follows = this.playing && this.lastLit && this.inView(this.lastLit);
    this.lastLit = element;
    if (follows && !this.inView(element)) {
      element.scrollIntoView({ block: "center", behavior: calm.matches ? "auto" : "smooth" });
    }
  }

  inView(element) {
    const box = element.getBoundingClientRect();
    const player = this.article.querySelector(".player").getBoundingClientRect();
    return box.top >= Math.max(player.bottom, 0) && box.bottom <= innerHeight;
  }
}

let players = [];
let last = null;

const playerOf = (element) => players.find((p) => p.article.contains(element));

/** The player that the keyboard means: the one that plays, that has focus, or is in view. */
function meant() {
  const inView = (player) => {
    const box = player.article.getBoundingClientRect();
    return box.bottom > innerHeight * 0.3 && box.top < innerHeight * 0.7;
  };
  return players.find((p) => p.playing) ?? playerOf(document.activeElement)
    ?? (last && inView(last) ? last : players.find(inView)) ?? null;
}

const KEYS = {
  " ": (player) => player.toggle(),
  ArrowLeft: (player) => player.seek(player.audio.currentTime - SKIP_S),
  ArrowRight: (player) => player.seek(player.audio.currentTime + SKIP_S),
  "Shift+ArrowLeft": (player) => player.step(-1),
  "Shift+ArrowRight": (player) => player.step(1),
  "Shift+ArrowUp": (player) => player.faster(1),
  "Shift+ArrowDown": (player) => player.faster(-1),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  if (target.closest("select")) return;
  // Shift and an arrow widen a selection, if there is one.
  if (event.shiftKey && !getSelection().isCollapsed) return;
  if (event.key === " " && target.closest("button, summary")) return;
  const action = KEYS[(event.shiftKey ? "Shift+" : "") + event.key];
  // A table that scrolls sideways needs its arrows.
  if (!action || target.closest(".scroll")) return;
  const player = meant();
  if (!player) return;
  event.preventDefault();
  action(player);
}

function onClick(event) {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-seek]");
  const word = event.target.closest(".w[data-s]");
  const player = playerOf(event.target);
  if (!player) return;
  if (link) {
    event.preventDefault();
    player.playFrom(Number(link.dataset.seek), link.dataset.until ? Number(link.dataset.until) : null);
  } else if (word && getSelection().isCollapsed) {
    player.playFrom(Number(word.dataset.s));
  }
}

/** Show which words a key point stands on while the pointer or the focus is on it. */
function onPoint(event) {
  const point = event.target.closest?.("[data-point]");
  document.querySelectorAll(".said.lit").forEach((said) => said.classList.remove("lit"));
  if (!point) return;
  point.closest("article").querySelectorAll(".spoken .said").forEach((said) => {
    said.classList.toggle("lit", said.dataset.points.split(" ").includes(point.dataset.point));
  });
}

/** Sample answers are folded on the screen and open on paper. */
function onPaper(printing) {
  document.querySelectorAll("details.sample").forEach((details) => {
    if (printing) details.dataset.wasOpen = String(details.open);
    details.open = printing || details.dataset.wasOpen === "true";
  });
}

document.addEventListener("DOMContentLoaded", () => {
  const articles = [...document.querySelectorAll("article")];
  players = articles.filter((a) => a.querySelector("audio")).map((a) => new Player(a));
  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  for (const event of ["pointerover", "focusin"]) document.addEventListener(event, onPoint);
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
});
