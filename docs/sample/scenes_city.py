"""Scenes of the invented city: trams, stops, rain, the lake."""

import math
import random

from canvas import Canvas, Color
from scenes_phone import draw_skyline

LAKE_BLUE = "#1f6fb2"


def draw_person(c: Canvas, x: float, y: float, coat: Color, size: float = 1, mood: int = 0) -> None:
    """A small figure whose feet stand at (x, y); mood is -1, 0 or 1."""
    s = size
    c.rect(x - 9 * s, y - 34 * s, 7 * s, 34 * s, "#2b2f38", r=2 * s)
    c.rect(x + 2 * s, y - 34 * s, 7 * s, 34 * s, "#2b2f38", r=2 * s)
    c.rect(x - 13 * s, y - 76 * s, 26 * s, 46 * s, coat, r=9 * s)
    draw_face(c, x, y - 90 * s, 13 * s, mood)


def draw_face(c: Canvas, x: float, y: float, r: float, mood: int, skin: Color = "#f0c29c") -> None:
    """A face with two eyes and a mouth; mood is -1, 0 or 1."""
    c.disc(x, y, r, fill=skin)
    c.arc(x, y, r, r, 180, 360, "#5b3d28", r * 0.34)
    for side in (-1, 1):
        c.disc(x + side * r * 0.36, y - r * 0.08, r * 0.11, fill="#222222")
    width = max(1.0, r * 0.13)
    if mood > 0:
        c.arc(x, y + r * 0.2, r * 0.45, r * 0.4, 20, 160, "#7a2e22", width)
    elif mood < 0:
        c.arc(x, y + r * 0.72, r * 0.42, r * 0.36, 205, 335, "#7a2e22", width)
    else:
        c.line([(x - r * 0.32, y + r * 0.45), (x + r * 0.32, y + r * 0.45)], "#7a2e22", width)


def draw_tram(c: Canvas, x: float, y: float, line: str, faces: list[int] | None = None) -> None:
    """A tram of the Lakeline, 330 x 130, its wheels on the height y."""
    c.line([(x + 120, y - 150), (x + 165, y - 128), (x + 210, y - 150)], "#4a4f58", 3)
    c.rect(x, y - 128, 330, 116, LAKE_BLUE, r=20)
    c.rect(x, y - 52, 330, 14, "#f4f6f8")
    c.rect(x + 12, y - 112, 306, 54, "#1a2733", r=8)
    for k in range(5):
        wx = x + 18 + k * 60
        c.rect(wx, y - 108, 54, 46, "#bfe0f2", r=5)
        if faces:
            moods = faces[k * 2 : k * 2 + 2]
            for j, mood in enumerate(moods):
                draw_face(c, wx + 14 + j * 26, y - 78, 12, mood)
                c.rect(wx, y - 66, 54, 4, "#1a2733")
    for k in (1, 3):
        c.rect(x + 12 + k * 60, y - 112, 6, 98, "#16598f")
    c.rect(x + 128, y - 127, 74, 14, "#111417", r=3)
    c.text(x + 165, y - 120, f"{line} Lake", 10, "#ffb300", bold=0.2)
    for k in (50, 105, 225, 280):
        c.disc(x + k, y - 9, 11, fill="#2b2f38")
        c.disc(x + k, y - 9, 4, fill="#9aa2ad")
    c.disc(x + 12, y - 30, 6, fill="#fff3b0")
    c.text(x + 165, y - 28, "LAKELINE", 13, "white", bold=0.3)


def draw_street(c: Canvas, y: float, tone: Color = "#70757d") -> None:
    c.rect(0, y, 480, 360 - y, tone)
    for dy in (16, 34):
        c.rect(0, y + dy, 480, 4, "#3f444c")
        c.rect(0, y + dy, 480, 1, "#c5cad1")


def draw_clock(c: Canvas, x: float, y: float, hour: int, minute: int) -> None:
    c.rect(x - 3, y, 6, 150, "#3a3f47")
    c.disc(x, y, 27, fill="#fdfdfb", outline="#2a2e35", width=4)
    for k in range(12):
        a = math.radians(k * 30)
        tip = (x + 21 * math.sin(a), y - 21 * math.cos(a))
        c.line([(x + 18 * math.sin(a), y - 18 * math.cos(a)), tip], "#2a2e35", 1.6)
    for angle, length, width in ((hour * 30 + minute / 2, 12, 4), (minute * 6, 18, 2.5)):
        a = math.radians(angle)
        c.line([(x, y), (x + length * math.sin(a), y - length * math.cos(a))], "#c62828", width)


def draw_rain(c: Canvas, seed: int, n_drops: int = 150) -> None:
    rng = random.Random(seed)
    for _ in range(n_drops):
        x, y = rng.uniform(0, 490), rng.uniform(-10, 350)
        c.line([(x, y), (x - 4, y + 15)], "#a9bccb", 1.3)


def tram_sunny() -> Canvas:
    c = Canvas()
    c.gradient("#63b4ee", "#d5eefc", 0, 260)
    c.glow(70, 60, 70, (255, 240, 170), 220)
    c.disc(70, 60, 30, fill="#ffe066")
    draw_skyline(c, 230, 11, "#c9b8a3", "#f3ead9", 0.9)
    c.rect(0, 226, 480, 40, "#9fc27a")
    draw_street(c, 262)
    c.shadow(235, 300, 180, 12)
    draw_tram(c, 70, 296, "7", [1, 1, 1, 0, 1, 1, 0, 1, 1, 1])
    draw_clock(c, 440, 150, 6, 52)
    return c


def tram_morning() -> Canvas:
    c = Canvas(fill="#e8edf1")
    c.rect(0, 0, 480, 180, "#dbe6ee")
    for x in (20, 250):
        c.rect(x, 24, 210, 130, "#8fd0f5", r=14, outline="#aab4bd", width=6)
        c.poly([(x + 8, 148), (x + 70, 96), (x + 130, 130), (x + 202, 148)], "#86b36b")
        c.disc(x + 160, 60, 16, fill="#fff2a8")
    c.rect(0, 180, 480, 180, "#c3ccd4")
    for x in (40, 270):
        c.rect(x, 150, 160, 120, "#1f6fb2", r=20)
        c.rect(x + 10, 162, 140, 44, "#2f86cc", r=14)
        c.rect(x, 250, 160, 62, "#175a93", r=14)
        c.rect(x + 52, 262, 56, 34, "#20262d", r=6)
        for k in (0, 1):
            c.disc(x + 70 + k * 20, 279, 7, fill="#e9edf0")
            c.disc(x + 67 + k * 20, 279, 1.5, fill="#20262d")
            c.disc(x + 73 + k * 20, 279, 1.5, fill="#20262d")
    c.line([(0, 8), (480, 8)], "#f2b705", 8)
    for x in (236, 470):
        c.rect(x, 0, 8, 330, "#f2b705", r=4)
    return c


def tram_crowded() -> Canvas:
    c = Canvas()
    c.gradient("#7d8894", "#b9bfc6", 0, 260)
    draw_skyline(c, 230, 21, "#848b94", "#cfd4da", 0.4)
    draw_street(c, 262)
    c.shadow(235, 300, 180, 12)
    draw_tram(c, 70, 296, "7", [-1, -1, -1, 0, -1, -1, -1, -1, 0, -1])
    rng = random.Random(3)
    for k in range(9):
        coat = rng.choice(["#8e3b46", "#37474f", "#5d4037", "#455a64", "#6a1b9a", "#33691e"])
        draw_person(c, 28 + k * 53, 352, coat, 0.95, -1 if k % 3 else 0)
    return c


def tram_sunset() -> Canvas:
    c = Canvas()
    c.gradient("#ff8a5c", "#ffe0a3", 0, 190)
    c.disc(424, 178, 40, fill="#fff0c2")
    c.gradient("#f0a868", "#5a7fae", 186, 260)
    for k in range(12):
        c.rect(376 + (k * 37) % 80, 194 + k * 5, 40, 2, "#ffe9bd", r=1)
    draw_street(c, 262, "#665a5c")
    draw_tram(c, 40, 296, "2", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    draw_person(c, 404, 352, "#d81b60", 0.8, 1)
    draw_person(c, 436, 352, "#00897b", 0.6, 1)
    return c


def goat_on_tram() -> Canvas:
    c = Canvas(360, 480, "#dbe6ee")
    c.rect(30, 30, 300, 160, "#8fd0f5", r=18, outline="#aab4bd", width=8)
    c.poly([(40, 180), (130, 100), (220, 150), (320, 120), (320, 182), (40, 182)], "#86b36b")
    c.rect(0, 360, 360, 120, "#9ca6af")
    c.rect(250, 0, 10, 400, "#f2b705", r=4)
    for x in (110, 140, 200, 230):
        c.rect(x, 340, 14, 84, "#efe8dc", r=5)
        c.rect(x, 414, 14, 12, "#4e4238", r=3)
    c.disc(175, 310, 88, 52, fill="#f7f2e8")
    c.poly([(95, 300), (70, 220), (110, 210), (140, 290)], "#f7f2e8")
    c.disc(84, 206, 34, 26, fill="#f7f2e8")
    c.disc(58, 216, 16, 13, fill="#e9d9c8")
    c.disc(82, 200, 4, fill="#2d2d2d")
    c.arc(60, 220, 10, 7, 20, 140, "#7a5a4a", 2.5)
    c.line([(90, 184), (100, 156), (120, 146)], "#8d7b68", 7)
    c.line([(106, 186), (120, 164), (140, 160)], "#8d7b68", 7)
    c.poly([(112, 204), (146, 206), (116, 218)], "#e9d9c8")
    c.poly([(66, 232), (78, 232), (70, 262)], "#d7cdbf")
    c.text(180, 456, "line 2, free weekend", 17, "#20262d")
    return c


def rails_rain() -> Canvas:
    c = Canvas()
    c.gradient("#4d5761", "#8a949d", 0, 190)
    draw_skyline(c, 190, 31, "#3c444d", "#8f9aa3", 0.25)
    c.rect(0, 190, 480, 170, "#5d646c")
    c.poly([(225, 190), (255, 190), (420, 360), (60, 360)], "#50565e")
    for near, far in ((110, 232), (370, 248)):
        c.line([(near, 360), (far, 190)], "#c3cad1", 4)
    for k in range(8):
        y = 196 + k * k * 2.6
        half = 12 + (y - 190) * 0.85
        c.line([(240 - half, y), (240 + half, y)], "#3e444b", 2 + k * 0.5)
    draw_rain(c, 6)
    c.rect(370, 96, 90, 58, "#c62828", r=6)
    c.rect(412, 150, 6, 90, "#2b2f38")
    c.text(415, 118, "STRIKE", 19, "white", bold=0.6)
    c.text(415, 140, "no trams today", 10, "white")
    return c


def board_cancelled() -> Canvas:
    c = Canvas(fill="#23272e")
    c.rect(30, 30, 420, 260, "#0b0d10", r=10, outline="#59606b", width=6)
    c.text(50, 58, "Departures   Pier 4", 18, "#ffb300", "lm", bold=0.3)
    c.text(430, 58, "06:45", 18, "#ffb300", "rm", bold=0.3)
    rows = [("2", "Old Mill"), ("5", "Glassworks"), ("7", "University"), ("7", "Kornmarkt")]
    for k, (line, goal) in enumerate(rows):
        y = 104 + k * 46
        c.rect(50, y - 14, 30, 28, LAKE_BLUE, r=5)
        c.text(65, y, line, 17, "white", bold=0.4)
        c.text(94, y, goal, 19, "#ffcf66", "lm")
        c.text(430, y, "CANCELLED", 18, "#ff5252", "rm", bold=0.5)
    for x in (120, 360):
        c.rect(x, 290, 10, 70, "#59606b")
    return c


def bus_queue() -> Canvas:
    c = Canvas()
    c.gradient("#9aa5ae", "#ccd2d7", 0, 230)
    draw_skyline(c, 220, 41, "#7f8890", "#d6dbe0", 0.35)
    c.rect(0, 220, 480, 140, "#6c727a")
    c.rect(330, 130, 160, 110, "#d9822b", r=12)
    c.rect(344, 144, 130, 42, "#2b3640", r=6)
    c.text(408, 165, "REPLACEMENT", 12, "#ffb300", bold=0.3)
    for x in (364, 448):
        c.disc(x, 240, 16, fill="#22262c")
    rng = random.Random(8)
    coats = ["#8e3b46", "#37474f", "#5d4037", "#455a64", "#ad8b00", "#2e5d4b", "#6a4c93"]
    for row, size in ((0, 0.62), (1, 0.8), (2, 1.0)):
        for k in range(9 - row):
            x = 20 + k * (38 + row * 12) + row * 6
            draw_person(c, x, 272 + row * 40, rng.choice(coats), size, rng.choice([-1, -1, 0]))
    return c


def sorry_poster() -> Canvas:
    c = Canvas(fill="#aeb9c2")
    c.rect(0, 310, 480, 50, "#7b848c")
    c.rect(120, 20, 240, 300, "#eef2f5", r=8, outline="#3a4149", width=6)
    c.rect(132, 32, 216, 50, LAKE_BLUE)
    c.text(240, 57, "LAKELINE", 24, "white", bold=0.5)
    c.text(240, 122, "We are sorry.", 27, "#1b2a38", bold=0.6)
    for k, line in enumerate(["Two days without trams.", "We let you down.", ""]):
        c.text(240, 158 + k * 22, line, 14, "#33414e")
    c.rect(150, 206, 180, 62, "#e3f4e4", r=8)
    c.text(240, 226, "14 + 15 March", 16, "#1b5e20", bold=0.3)
    c.text(240, 249, "all rides free", 18, "#1b5e20", bold=0.5)
    c.text(240, 292, "monthly passes: 1/3 back", 12, "#55626e")
    return c


def make_ticket(label: str, price: str, color: Color) -> Canvas:
    """A tram ticket, 300 x 130."""
    t = Canvas(300, 130, (0, 0, 0, 0))
    t.rect(0, 0, 300, 130, "#fbf7ec", r=10)
    t.rect(0, 0, 300, 34, color, r=10)
    t.rect(0, 20, 300, 14, color)
    t.text(16, 18, "LAKELINE", 17, "white", "lm", bold=0.4)
    t.text(16, 66, label, 20, "#26323d", "lm", bold=0.3)
    t.text(16, 98, "Varnhaven, zones A to C", 12, "#6b7680", "lm")
    t.text(284, 96, price, 26, color, "rm", bold=0.5)
    return t


def ticket_torn() -> Canvas:
    c = Canvas(fill="#5a6b52")
    c.gradient("#6d7f63", "#4a5944")
    ticket = make_ticket("Monthly pass", "68.00", LAKE_BLUE).image
    edge = [0, 14, -8, 12, -12, 10, -6, 8, -10, 6, 0]
    for side, x, angle in ((0, 150, 14), (1, 330, -11)):
        half = Canvas(300, 130, (0, 0, 0, 0))
        half.image.paste(ticket, (0, 0))
        zigzag = [(150.0 + d, k * 13.0) for k, d in enumerate(edge)]
        far = 300.0 if side == 0 else 0.0
        half.poly([(far, 0.0), *zigzag, (far, 130.0)], (0, 0, 0, 0))
        c.shadow(x + 30 - side * 60, 196, 80, 60, 60)
        c.place(half, x + 50 - side * 100, 180, angle)
    return c


def ticket_free() -> Canvas:
    c = Canvas(fill="#dff1e4")
    c.gradient("#eaf7ee", "#bfe3cb")
    c.shadow(240, 200, 170, 76, 60)
    c.place(make_ticket("Sat 14, Sun 15", "FREE", "#2e7d32"), 240, 180, 5)
    rng = random.Random(12)
    for _ in range(36):
        tone = rng.choice(["#f9a825", "#ef5350", "#42a5f5", "#ab47bc"])
        x, y = rng.uniform(0, 480), rng.choice([rng.uniform(0, 80), rng.uniform(285, 355)])
        c.rect(x, y, 9, 5, tone)
    return c


def bike_rain() -> Canvas:
    c = Canvas()
    c.gradient("#5c6873", "#98a3ab", 0, 250)
    c.rect(0, 250, 480, 110, "#565e66")
    for x, y, w in ((90, 320, 90), (330, 336, 70), (240, 300, 40)):
        c.disc(x, y, w, 9, fill="#7f8b95")
    for x in (150, 330):
        c.disc(x, 244, 52, outline="#1f2328", width=6)
        for k in range(8):
            a = math.radians(k * 45)
            c.line([(x, 244), (x + 48 * math.cos(a), 244 + 48 * math.sin(a))], "#b7c0c8", 1)
    c.disc(330, 292, 26, 5, fill="#1f2328")  # the flat tyre
    frame = [(150, 244), (205, 160), (300, 160), (235, 246), (150, 244)]
    c.line(frame, "#d84343", 7)
    c.line([(235, 246), (198, 146)], "#d84343", 7)
    c.line([(330, 244), (296, 140), (322, 128)], "#d84343", 7)
    c.rect(176, 138, 44, 10, "#1f2328", r=5)
    c.text(400, 190, "pffff", 22, "#e4eaef", bold=0.3)
    draw_rain(c, 17, 190)
    return c
