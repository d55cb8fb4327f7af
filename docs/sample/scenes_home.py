"""Scenes of coffee, home and landscape."""

import math
import random

from canvas import Canvas, Color
from scenes_phone import make_cup_small

TEAL = "#2f6f73"


def draw_table(c: Canvas, tone: Color = "#b98d5f", dark: Color = "#a87c50") -> None:
    c.rect(0, 0, 480, 360, tone)
    for y in range(0, 360, 72):
        c.rect(0, y, 480, 3, dark)
        c.line([(0, y + 30), (240, y + 36), (480, y + 28)], dark, 1)


def draw_latte(c: Canvas, x: float, y: float, r: float) -> None:
    """A cup seen from above with a heart in the foam."""
    c.shadow(x + 6, y + 12, r * 1.5, r * 1.45, 80)
    c.disc(x, y, r * 1.42, fill="#f3efe6")
    c.disc(x, y, r * 1.3, fill="#e4ddcf")
    c.rect(x + r * 0.86, y - r * 0.13, r * 0.6, r * 0.26, "#fbf8f1", r=r * 0.12)
    c.disc(x, y, r, fill="#fbf8f1")
    c.disc(x, y, r * 0.88, fill="#8a5a34")
    c.disc(x, y, r * 0.8, fill="#a97044")
    heart = []
    for k in range(60):
        t = 2 * math.pi * k / 60
        hx = 16 * math.sin(t) ** 3
        hy = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        heart.append((x + hx * r * 0.032, y - hy * r * 0.032))
    c.poly(heart, "#f7ead6")


def latte_heart() -> Canvas:
    c = Canvas()
    draw_table(c)
    draw_latte(c, 230, 185, 108)
    rng = random.Random(5)
    for _ in range(16):
        x, y = rng.choice([rng.uniform(20, 70), rng.uniform(400, 460)]), rng.uniform(20, 340)
        c.disc(x, y, 7, 4, fill=rng.choice(["#7fae4a", "#a3c85f", "#93b956"]))
    return c


def coffee_croissant() -> Canvas:
    c = Canvas()
    draw_table(c, "#e7e0d4", "#d6cdbd")
    draw_latte(c, 110, 110, 58)
    c.shadow(300, 232, 150, 96, 80)
    c.disc(300, 220, 146, 100, fill="#fdfcf9", outline="#d8d2c6", width=3)
    for k in range(9):
        t = math.pi * (0.12 + 0.76 * k / 8)
        x, y = 300 - 96 * math.cos(t), 268 - 92 * math.sin(t)
        r = 40 - abs(k - 4) * 6
        c.disc(x, y, r, fill="#b8722c")
        c.disc(x - 2, y - 5, r * 0.82, fill="#dd9a4b")
        c.arc(x, y, r * 0.7, r * 0.7, 200, 300, "#f1c27d", 3)
    return c


def receipt() -> Canvas:
    c = Canvas()
    draw_table(c, "#77604c", "#6a5442")
    c.shadow(246, 190, 120, 170, 90)
    paper = Canvas(220, 320, (0, 0, 0, 0))
    paper.rect(0, 0, 220, 310, "#fcfbf7")
    for k in range(11):
        paper.poly([(k * 20, 309), (k * 20 + 20, 309), (k * 20 + 10, 320)], "#fcfbf7")
    paper.text(110, 34, "BEAN & TIDE", 21, "#222222", bold=0.4)
    paper.text(110, 58, "Harbour Street 12", 11, "#555555")
    paper.line([(16, 78), (204, 78)], "#999999", 1)
    for k, (name, price) in enumerate([("Flat white", "4.90"), ("Oat milk", "0.80")]):
        paper.text(18, 104 + k * 30, name, 15, "#222222", "lm")
        paper.text(202, 104 + k * 30, price, 15, "#222222", "rm")
    paper.line([(16, 154), (204, 154)], "#999999", 1)
    paper.text(18, 184, "TOTAL", 20, "#222222", "lm", bold=0.5)
    paper.text(202, 184, "5.70", 24, "#c62828", "rm", bold=0.6)
    paper.disc(184, 184, 38, 20, outline="#c62828", width=2.5)
    rng = random.Random(1)
    x = 30.0
    while x < 190:
        w = rng.choice([1.0, 2.0, 3.0])
        paper.rect(x, 224, w, 40, "#222222")
        x += w + rng.choice([1.5, 3.0])
    paper.text(110, 286, "have a lovely day", 12, "#555555")
    c.place(paper, 240, 182, -6)
    return c


def stamp_card() -> Canvas:
    """A card on a transparent ground (PNG with alpha)."""
    c = Canvas(400, 250, (0, 0, 0, 0))
    c.rect(4, 4, 392, 242, "#f7f1e3", r=18, outline=TEAL, width=5)
    c.text(200, 36, "Bean & Tide", 24, TEAL, bold=0.5)
    c.text(200, 62, "the tenth one is on us", 13, "#5b6b6c")
    for k in range(10):
        x, y = 60 + (k % 5) * 70, 112 + (k // 5) * 74
        c.disc(x, y, 28, outline="#9db4b5", width=2.5)
        if k < 9:
            c.disc(x, y, 22, fill="#7a4a2a")
            c.arc(x, y, 8, 18, 100, 260, "#f7f1e3", 3)
        else:
            c.text(x, y, "free", 17, "#c62828", bold=0.4)
    return c


def takeaway_cup() -> Canvas:
    c = Canvas()
    c.gradient("#c6ccd2", "#e5e8eb", 0, 240)
    c.rect(0, 240, 480, 120, "#8b8f94")
    c.shadow(240, 318, 92, 16)
    c.poly([(172, 96), (308, 96), (288, 316), (192, 316)], "#f7f3ea")
    c.rect(162, 68, 156, 32, "#39332d", r=10)
    c.rect(176, 56, 128, 16, "#39332d", r=8)
    c.poly([(181, 150), (299, 150), (291, 244), (189, 244)], TEAL)
    c.text(240, 182, "BEAN & TIDE", 14, "white", bold=0.4)
    for k in range(3):
        wave = [(206 + i * 4, 208 + k * 10 + 3 * math.sin(i)) for i in range(18)]
        c.line(wave, "#bfe3e0", 2.5)
    c.text(240, 272, "decaf", 17, "#8b5a2b")
    c.disc(388, 150, 44, fill="#ffd54f")
    for x in (373, 403):
        c.disc(x, 140, 5, fill="#4e342e")
    c.line([(370, 172), (406, 164)], "#4e342e", 5)
    return c


def cat_blanket() -> Canvas:
    c = Canvas(fill="#e5d6c5")
    c.rect(0, 0, 480, 150, "#cdb9a4")
    c.rect(300, 14, 130, 104, "#bfe0f2", r=6, outline="#8d6e52", width=7)
    c.line([(365, 14), (365, 118)], "#8d6e52", 5)
    c.rect(-20, 210, 520, 170, "#b5544d", r=40)
    for k in range(8):
        c.line([(k * 66 - 30, 360), (k * 66 + 60, 214)], "#9c433d", 6)
        c.line([(k * 66 + 90, 360), (k * 66 - 10, 214)], "#c7695f", 3)
    c.disc(210, 214, 118, 70, fill="#6b6f78")
    c.disc(120, 176, 50, 44, fill="#787d87")
    c.poly([(78, 160), (84, 108), (116, 138)], "#787d87")
    c.poly([(126, 136), (158, 108), (164, 160)], "#787d87")
    c.poly([(86, 148), (88, 124), (104, 138)], "#d9a5a5")
    c.poly([(138, 138), (154, 122), (156, 148)], "#d9a5a5")
    for x in (102, 140):
        c.arc(x, 172, 11, 8, 10, 170, "#25282e", 3)
    c.poly([(115, 186), (127, 186), (121, 194)], "#d98c8c")
    for side in (-1, 1):
        for k in (-4, 2, 8):
            c.line([(121 + side * 14, 192), (121 + side * 54, 188 + k)], "#e9ebee", 1)
    tail = [(310 + i * 4, 250 - 30 * math.sin(i / 6)) for i in range(20)]
    c.line(tail, "#6b6f78", 16)
    c.disc(386, tail[-1][1], 8, fill="#6b6f78")
    c.place(make_cup_small(), 424, 196)
    return c


def draw_water(c: Canvas, y0: float, top: Color, bottom: Color, glitter: Color, seed: int) -> None:
    c.gradient(top, bottom, y0, 360)
    rng = random.Random(seed)
    for _ in range(46):
        y = rng.uniform(y0 + 4, 352)
        c.rect(rng.gauss(250, 90), y, rng.uniform(10, 44), 2, glitter, r=1)


def sunset_lake() -> Canvas:
    c = Canvas()
    c.gradient("#3c2a6b", "#ff9e5e", 0, 200)
    c.glow(250, 178, 110, (255, 210, 120), 190)
    c.disc(250, 182, 42, fill="#fff1c4")
    c.poly([(0, 200), (60, 150), (130, 190), (200, 200)], "#3a2b52")
    c.poly([(280, 200), (360, 156), (430, 184), (480, 160), (480, 200)], "#33264a")
    draw_water(c, 198, "#e98d62", "#2a2455", "#ffd59b", 3)
    c.line([(40, 330), (150, 262)], "#1d1838", 9)
    for x, y in ((60, 318), (100, 293), (140, 268)):
        c.line([(x, y), (x, y + 34)], "#1d1838", 5)
    return c


def sunset_hills() -> Canvas:
    c = Canvas()
    c.gradient("#8fd3f4", "#fff2cf", 0, 230)
    c.disc(380, 90, 34, fill="#fff3b0")
    for y, tone, phase in ((190, "#9cc58a", 0.0), (232, "#76ab66", 1.4), (282, "#528c4b", 2.9)):
        ridge = [(x, y + 24 * math.sin(x / 74 + phase)) for x in range(0, 490, 10)]
        c.poly([(0, 360), *ridge, (480, 360)], tone)
    c.line([(200, 360), (232, 314), (214, 290), (246, 262)], "#e3cfa2", 10)
    for x, y, s in ((70, 250, 1.0), (120, 262, 0.8), (400, 288, 1.3), (440, 270, 0.9)):
        c.rect(x - 3 * s, y, 6 * s, 26 * s, "#6b4a2e")
        c.disc(x, y - 12 * s, 22 * s, 28 * s, fill="#2f6b3a")
    for k in range(3):
        c.arc(120 + k * 34, 70 + k * 12, 11, 8, 200, 340, "#4a5a66", 2.5)
        c.arc(140 + k * 34, 70 + k * 12, 11, 8, 200, 340, "#4a5a66", 2.5)
    return c


def lighthouse() -> Canvas:
    c = Canvas()
    c.gradient("#20304f", "#7d8fb3", 0, 240)
    c.veil([(246, 96), (0, 30), (0, 120)], (255, 244, 190), 110)
    c.veil([(246, 96), (480, 50), (480, 150)], (255, 244, 190), 110)
    draw_water(c, 240, "#41587f", "#16233d", "#8fa6cc", 7)
    c.poly([(140, 300), (190, 238), (300, 232), (360, 300), (400, 330), (100, 330)], "#2d2a2e")
    c.poly([(222, 120), (270, 120), (284, 244), (208, 244)], "#f2efe8")
    for k in (0, 2):
        y = 136 + k * 31
        c.poly(
            [(220 - k, y), (272 + k, y), (274 + k * 2, y + 28), (218 - k * 2, y + 28)], "#c0392b"
        )
    c.rect(216, 110, 60, 12, "#2d2a2e", r=3)
    c.rect(228, 84, 36, 28, "#ffe9a0", r=4)
    c.poly([(222, 86), (270, 86), (246, 62)], "#c0392b")
    c.glow(246, 98, 30, (255, 240, 170), 160)
    return c


def tv_couch() -> Canvas:
    c = Canvas(fill="#2a2336")
    c.gradient("#2e2740", "#1b1626")
    c.glow(240, 120, 170, (120, 150, 220), 80)
    c.rect(100, 34, 280, 166, "#0c0d11", r=8)
    screen = Canvas(264, 150)
    screen.gradient("#f2b56b", "#c96f3b", 0, 90)
    screen.disc(226, 62, 20, fill="#fff0cf")
    screen.poly([(0, 150), (0, 96), (70, 72), (150, 100), (264, 80), (264, 150)], "#efe3cf")
    screen.poly([(110, 150), (138, 92), (152, 92), (220, 150)], "#d6c2a0")
    screen.text(132, 34, "THE SALT ROAD", 20, "white", bold=0.6)
    c.place(screen, 240, 117)
    c.rect(216, 200, 48, 12, "#0c0d11")
    c.rect(40, 262, 400, 110, "#5d4a7a", r=30)
    for x in (150, 330):
        c.disc(x, 262, 30, fill="#3b2a20")
        c.rect(x - 42, 284, 84, 70, "#35637a" if x < 200 else "#7a3550", r=20)
    c.poly([(216, 262), (264, 262), (256, 312), (224, 312)], "#e53935")
    for k in range(7):
        c.disc(216 + k * 8, 256 - (k % 3) * 6, 8, fill="#fff4cc")
    return c
