"""Scenes of football, the invented game Emberfall and the streaming service Kinora."""

import math
import random

from canvas import Canvas, Color
from PIL import Image
from scenes_city import draw_face, draw_rain

CLUB = "#1c4fa0"
EMBER = "#ff7a2f"


def draw_pitch(c: Canvas, y0: float) -> None:
    for k in range(8):
        c.rect(k * 60, y0, 60, 360 - y0, "#3f9b46" if k % 2 else "#4aab51")


def draw_crowd(c: Canvas, y0: float, y1: float, seed: int, colors: list[str]) -> None:
    rng = random.Random(seed)
    y = y0
    while y < y1:
        for k in range(34):
            x = k * 14.5 + rng.uniform(-3, 3)
            c.rect(x - 5, y + 4, 10, 12, rng.choice(colors), r=3)
            c.disc(x, y, 4.6, fill=rng.choice(["#f0c29c", "#c68f63", "#8d5a3a"]))
        y += 15


def scoreboard(home: int, away: int, guest: str, is_night: bool) -> Canvas:
    c = Canvas()
    c.gradient("#6fb7ea" if not is_night else "#39434f", "#cfe8f8" if not is_night else "#7b8690")
    c.rect(0, 168, 480, 96, "#39424d")
    draw_crowd(c, 176, 258, 3, [CLUB, "#ffffff", "#2d6fd0", "#dfe6f0"])
    draw_pitch(c, 262)
    c.line([(0, 284), (480, 284)], "#eef5ee", 3)
    c.rect(90, 28, 300, 136, "#10141a", r=10, outline="#525b66", width=5)
    c.text(165, 56, "HARBOUR", 16, "#7fb2ff", bold=0.4)
    c.text(315, 56, guest, 16, "#ffcf66", bold=0.4)
    c.text(165, 104, str(home), 58, "#ffb300", bold=1)
    c.text(240, 100, ":", 50, "#ffb300", bold=1)
    c.text(315, 104, str(away), 58, "#ffb300", bold=1)
    c.text(240, 148, "90:00", 15, "#e57373", bold=0.3)
    for x in (120, 354):
        c.rect(x, 164, 8, 22, "#525b66")
    if is_night:
        draw_rain(c, 5, 120)
    return c


def ball_in_net() -> Canvas:
    c = Canvas(fill="#39424d")
    draw_crowd(c, 10, 226, 7, [CLUB, "#ffffff", "#d0d8e4", "#2d6fd0"])
    draw_pitch(c, 236)
    for k in range(24):
        c.line([(50 + k * 16.5, 62), (74 + k * 14.5, 256)], "#e4e9ee", 0.8)
    for k in range(13):
        c.line([(46 + k * 2, 66 + k * 15), (434 - k * 2, 66 + k * 15)], "#e4e9ee", 0.8)
    for x in (40, 432):
        c.rect(x, 56, 9, 216, "white", r=3)
    c.rect(40, 54, 401, 9, "white", r=3)
    c.shadow(310, 262, 34, 8)
    c.disc(310, 196, 34, fill="white", outline="#40474f", width=2)
    for k in range(5):
        a = math.radians(k * 72 - 90)
        dx, dy = 310 + 23 * math.cos(a), 196 + 23 * math.sin(a)
        c.disc(dx, dy, 7, fill="#22262c")
    c.disc(310, 196, 9, fill="#22262c")
    c.text(140, 320, "GOAL!", 46, "white", bold=1.4, edge="#143a78", edge_width=3.5)
    return c


def fans_confetti() -> Canvas:
    c = Canvas()
    c.gradient("#1b3c78", "#5d8fd6", 0, 360)
    rng = random.Random(2)
    for row, size in ((0, 22), (1, 30), (2, 40)):
        for k in range(7 - row):
            x = 36 + k * (70 + row * 20) + row * 16
            y = 120 + row * 88
            c.rect(x - size * 1.1, y + size * 0.8, size * 2.2, 120, CLUB, r=size * 0.6)
            for side in (-1, 1):
                hand = (x + side * size * 1.25, y - size * 1.1)
                c.line([(x + side * size * 0.9, y + size * 1.2), hand], "#2d6fd0", size * 0.42)
                c.disc(*hand, size * 0.3, fill="#f0c29c")
            draw_face(c, x, y, size, 1, rng.choice(["#f0c29c", "#c68f63", "#8d5a3a"]))
            c.rect(x - size * 0.9, y + size * 0.8, size * 1.8, size * 0.4, "white", r=3)
    for _ in range(90):
        tone = rng.choice(["#ffd54f", "#ffffff", "#ef5350", "#81d4fa"])
        px, py = rng.uniform(0, 480), rng.uniform(0, 300)
        c.poly([(px, py), (px + 6, py + 2), (px + 4, py + 8), (px - 2, py + 6)], tone)
    return c


def scarf() -> Canvas:
    """A scarf on a transparent ground (PNG with alpha)."""
    c = Canvas(440, 200, (0, 0, 0, 0))
    for k in range(11):
        x = 20 + k * 36.4
        y = 60 + 16 * math.sin(k / 10 * math.pi)
        c.rect(x, y, 37, 76, CLUB if k % 2 == 0 else "white", outline="#163f80", width=1)
    c.rect(84, 84, 272, 44, CLUB, r=8)
    c.text(220, 106, "HARBOUR UNITED", 27, "white", bold=0.7)
    for x in (20, 415):
        for k in range(8):
            y = 66 + k * 9
            end = x - 16 if x < 200 else x + 18
            c.line([(x if x < 200 else x + 5, y), (end, y + 3)], CLUB, 3)
    return c


def sad_fan_rain() -> Canvas:
    c = Canvas()
    c.gradient("#4b5661", "#77828c")
    for row in range(5):
        for k in range(12):
            c.rect(k * 42 - (row % 2) * 12, 40 + row * 52, 32, 34, "#2f5fa8", r=6)
            c.rect(k * 42 - (row % 2) * 12, 66 + row * 52, 32, 10, "#24497f", r=4)
    c.rect(176, 250, 128, 130, CLUB, r=36)
    c.rect(180, 246, 120, 24, "white", r=12)
    for x in (200, 240, 280):
        c.rect(x - 10, 246, 20, 24, CLUB)
    draw_face(c, 240, 186, 58, -1)
    for x in (218, 262):
        c.poly([(x, 196), (x - 5, 212), (x, 218), (x + 5, 212)], "#81d4fa")
    draw_rain(c, 23, 210)
    return c


def draw_flame(c: Canvas, x: float, y: float, size: float, sway: float = 0) -> None:
    """A flame that stands on (x, y)."""
    for scale, tone in ((1.0, "#d8401f"), (0.74, EMBER), (0.44, "#ffd166")):
        s = size * scale
        left = [(x - s * 0.42 * math.sin(t) * (1 - t / 4), y - s * t / 3) for t in
                (0.0, 0.6, 1.1, 1.6, 2.2)]  # fmt: skip
        tip = (x + sway * s * 0.3, y - s)
        right = [(2 * x - px, py + s * 0.02) for px, py in reversed(left)]
        c.poly([*left, tip, *right], tone)
        c.disc(x, y - s * 0.22, s * 0.36, s * 0.26, fill=tone)


def ember_logo() -> Canvas:
    c = Canvas(fill="#140b12")
    c.gradient("#1a0d1d", "#43160f")
    c.glow(240, 160, 150, (255, 90, 30), 130)
    c.poly([(60, 250), (170, 120), (210, 160), (250, 96), (330, 180), (360, 150), (430, 250)],
           "#0d070c")  # fmt: skip
    draw_flame(c, 240, 226, 150)
    rng = random.Random(6)
    for _ in range(60):
        c.disc(rng.uniform(60, 420), rng.uniform(10, 240), rng.uniform(0.7, 2.4), fill="#ffb066")
    c.text(240, 292, "EMBERFALL", 54, "#ffe3c2", bold=1.2, edge="#7a2410", edge_width=3)
    c.text(240, 336, "12 MARCH", 16, "#ffb27d", bold=0.3)
    return c


def draw_pixels(c: Canvas, x: float, y: float, size: float, rows: list[str]) -> None:
    """A figure made of squares; each letter of a row names a color."""
    colors = {"o": "#e2762a", "w": "#fff4e3", "k": "#1c1a1f", "g": "#9aa4b0", "s": "#f0c29c",
              "b": "#2d6fb0", "r": "#b6352a", "y": "#ffd166"}  # fmt: skip
    for j, row in enumerate(rows):
        for k, letter in enumerate(row):
            if letter in colors:
                c.rect(x + k * size, y + j * size, size, size, colors[letter])


def ember_screenshot() -> Canvas:
    c = Canvas()
    c.gradient("#2a1840", "#e8703a", 0, 260)
    c.poly([(250, 260), (350, 92), (384, 92), (480, 230), (480, 260)], "#3a1c2c")
    c.poly([(350, 92), (384, 92), (372, 128), (366, 112), (356, 134)], "#ffb347")
    c.glow(367, 80, 60, (255, 140, 50), 170)
    c.rect(0, 256, 480, 104, "#2e4a33")
    c.rect(0, 256, 480, 8, "#4f7a4f")
    knight = ["..ggg...", ".ggggg..", ".gsksk..", ".gssss..", "..rrr..g", ".rrrrr.g", "rrgggr.g",
              ".sgggrsg", "..ggg..y", "..k.k...", ".kk.kk.."]  # fmt: skip
    draw_pixels(c, 110, 168, 9, knight)
    fox = ["o.....o...", "oo...oo...", "oooooo....", "okookoo.oo", "ooooooooow", ".wwooooooo",
           "..ooooooo.", "..o.o.o.o."]  # fmt: skip
    draw_pixels(c, 220, 208, 7, fox)
    c.rect(16, 16, 150, 16, "#1c1a1f", r=8)
    c.rect(19, 19, 118, 10, "#e53935", r=5)
    c.rect(16, 38, 110, 12, "#1c1a1f", r=6)
    c.rect(19, 41, 80, 6, "#42a5f5", r=3)
    c.rect(60, 300, 360, 48, "#120d16", r=8, outline="#c98b4b", width=2)
    c.text(240, 324, "Stove: You came back. I kept it warm.", 16, "#ffe3c2")
    return c


def rating_stars() -> Canvas:
    c = Canvas(fill="#f5f2ec")
    c.rect(0, 0, 480, 70, "#1d1626")
    c.text(24, 36, "Review: Emberfall", 24, EMBER, "lm", bold=0.5)
    c.disc(240, 178, 84, fill="#2e7d32")
    c.disc(240, 178, 74, outline="#a5d6a7", width=3)
    c.text(240, 176, "9.4", 68, "white", bold=1.4)
    for k in range(5):
        x = 140 + k * 50
        star = []
        for p in range(10):
            r = 20 if p % 2 == 0 else 8.5
            a = math.radians(p * 36 - 90)
            star.append((x + r * math.cos(a), 306 + r * math.sin(a)))
        c.poly(star, "#f9a825")
    return c


def server_queue() -> Canvas:
    c = Canvas(fill="#140b12")
    c.gradient("#1a0d1d", "#30140f")
    draw_flame(c, 240, 124, 84)
    c.text(240, 166, "Alle Server sind voll", 20, "#ffe3c2", bold=0.3)
    c.text(240, 214, "Platz 48.213", 38, "white", bold=0.8)
    c.rect(80, 254, 320, 14, "#3b2530", r=7)
    c.rect(80, 254, 26, 14, EMBER, r=7)
    c.text(240, 298, "Wartezeit: etwa 3 Std. 40 Min.", 16, "#d8b7a4")
    return c


def meme_four_am() -> Canvas:
    c = Canvas(fill="#0f1220")
    c.gradient("#0d1024", "#2b2440")
    c.rect(330, 90, 120, 130, "#6fa8dc", r=4, outline="#46384f", width=8)
    c.disc(418, 130, 17, fill="#ffdf8c")
    c.line([(390, 90), (390, 220)], "#46384f", 5)
    c.glow(150, 220, 120, (120, 220, 255), 90)
    draw_face(c, 210, 190, 66, 1, "#dfc0a8")
    for x in (186, 234):
        c.disc(x, 186, 17, fill="white")
        c.disc(x, 186, 7, fill="#7a1f1f")
        c.arc(x, 196, 18, 14, 20, 160, "#6d4c6d", 4)
    c.rect(60, 210, 62, 90, "#222631", r=6)
    c.text(240, 44, "JUST ONE MORE QUEST", 32, "white", bold=1, edge="black", edge_width=4)
    c.text(240, 326, "IT IS 4:07 AM", 36, "white", bold=1, edge="black", edge_width=4)
    return c


def controllers() -> Canvas:
    c = Canvas(fill="#7a5a44")
    for y in range(0, 360, 45):
        c.rect(0, y, 480, 43, "#8a6750" if (y // 45) % 2 else "#80604a")
    c.disc(350, 230, 110, 96, fill="#d9b382")
    c.disc(350, 230, 100, 86, fill="#e8a33d")
    c.disc(350, 230, 92, 78, fill="#f6cf65")
    for x, y in ((310, 200), (370, 190), (400, 240), (340, 264), (296, 246), (358, 228)):
        c.disc(x, y, 13, 11, fill="#c0392b")
    c.poly([(350, 230), (474, 196), (480, 300)], "#80604a")
    for x, y, tone, angle in ((130, 110, "#22262e", 14), (150, 260, "#eceff1", -12)):
        pad = Canvas(190, 120, (0, 0, 0, 0))
        pad.rect(12, 18, 166, 60, tone, r=30)
        pad.disc(38, 74, 30, 38, fill=tone)
        pad.disc(152, 74, 30, 38, fill=tone)
        dark = "#7d8791" if tone != "#22262e" else "#59616d"
        pad.rect(32, 40, 32, 11, dark, r=3)
        pad.rect(42, 29, 11, 32, dark, r=3)
        for dx, dy, button in ((0, -13, "#66bb6a"), (13, 0, "#ef5350"), (-13, 0, "#42a5f5"),
                               (0, 13, "#ffca28")):  # fmt: skip
            pad.disc(142 + dx, 45 + dy, 6, fill=button)
        pad.disc(74, 66, 12, fill=dark)
        pad.disc(116, 66, 12, fill=dark)
        c.shadow(x + 4, y + 16, 92, 46, 90)
        c.place(pad, x, y, angle)
    return c


def campfire_frames() -> list[Image.Image]:
    """Three frames of a fire (animated GIF)."""
    frames = []
    for k, sway in enumerate((-0.5, 0.1, 0.6)):
        c = Canvas(240, 180, "#17182b")
        c.gradient("#131428", "#26243f", 0, 130)
        c.rect(0, 130, 240, 50, "#2c3a2b")
        for x, y in ((30, 30), (90, 18), (150, 40), (210, 24), (190, 70), (54, 66)):
            c.rect(x, y, 3, 3, "#f1f4ff")
        c.line([(88, 146), (152, 132)], "#6b4a2e", 9)
        c.line([(88, 132), (152, 146)], "#7d5837", 9)
        draw_flame(c, 120, 138, 64 + 5 * (k % 2), sway)
        draw_pixels(c, 166, 122, 4, ["o...o...", "ooooo..o", "okokooo.", ".woooooo", ".o.o.oo."])
        frames.append(c.finish().convert("RGB"))
    return frames


def kinora_bar(c: Canvas, text: Color = "#f5f5f7") -> None:
    c.rect(0, 0, 480, 44, "#16092b")
    c.poly([(22, 12), (22, 32), (40, 22)], "#b388ff")
    c.text(50, 23, "KINORA", 19, text, "lm", bold=0.5)


def buffering() -> Canvas:
    c = Canvas(fill="#050507")
    kinora_bar(c)
    for k in range(12):
        a = math.radians(k * 30)
        tone = 40 + k * 17
        c.disc(240 + 46 * math.cos(a), 184 + 46 * math.sin(a), 7.5, fill=(tone, tone, tone))
    c.text(240, 184, "17 %", 20, "#d0d0d6")
    c.text(240, 272, "Einen Moment noch …", 17, "#a0a0aa")
    c.rect(30, 320, 420, 5, "#3a3a42", r=2)
    c.rect(30, 320, 36, 5, "#b388ff", r=2)
    return c


def price_mail() -> Canvas:
    c = Canvas(fill="#ece9f3")
    kinora_bar(c)
    c.rect(40, 66, 400, 274, "white", r=10, outline="#d3cde2", width=2)
    c.text(64, 98, "Good news about your plan!", 21, "#20142f", "lm", bold=0.4)
    for k, width in enumerate((330, 350, 290)):
        c.rect(64, 122 + k * 16, width, 7, "#ddd8e8", r=3)
    c.text(150, 218, "9.99", 38, "#8c8599", bold=0.5)
    c.line([(104, 220), (196, 216)], "#c62828", 4)
    c.line([(216, 218), (256, 218)], "#20142f", 4)
    c.poly([(254, 208), (272, 218), (254, 228)], "#20142f")
    c.text(340, 218, "15.99", 46, "#c62828", bold=1)
    c.rect(140, 278, 200, 40, "#7c4dff", r=20)
    c.text(240, 298, "Great, thanks!", 17, "white", bold=0.3)
    return c


def cancelled_account() -> Canvas:
    c = Canvas(fill="#f4f1fa")
    kinora_bar(c)
    c.disc(240, 140, 54, fill="#43a047")
    c.line([(214, 142), (233, 162), (268, 120)], "white", 10)
    c.text(240, 222, "Ihr Abo ist beendet", 25, "#20142f", bold=0.5)
    c.text(240, 254, "Schade, dass Sie gehen.", 14, "#5c5470")
    c.rect(150, 290, 180, 38, None, r=19, outline="#7c4dff", width=2)
    c.text(240, 309, "Doch bleiben?", 16, "#7c4dff")
    return c


def ad_break() -> Canvas:
    c = Canvas(fill="#101014")
    c.gradient("#ffe27a", "#ff9f6b", 0, 300)
    c.rect(0, 300, 480, 60, "#101014")
    c.rect(180, 96, 120, 170, "#e8f0f7", r=14)
    c.rect(204, 70, 72, 32, "#3f7fbf", r=8)
    c.rect(180, 150, 120, 62, "#3f7fbf")
    c.text(240, 180, "SHINE", 28, "white", bold=0.8)
    c.text(240, 42, "Jetzt noch sauberer!", 24, "#7a2e12", bold=0.6)
    c.rect(16, 312, 150, 34, "#2a2a32", r=6)
    c.text(91, 329, "Werbung 2 von 4", 15, "#ffd166")
    c.text(464, 329, "weiter in 0:58", 15, "#c9c9d2", "rm")
    return c


def mood_chart() -> Canvas:
    c = Canvas(fill="white")
    c.text(24, 30, "Varnhaven, 2 to 15 March", 19, "#20242c", "lm", bold=0.4)
    c.line([(40, 190), (460, 190)], "#9aa2ad", 1.5)
    values = [40, 55, 30, 20, -70, -35, 45, -60, -95, -20, 110, -30, 50, 35]
    for k, value in enumerate(values):
        x = 46 + k * 29.5
        if value > 0:
            c.rect(x, 190 - value, 21, value, "#43a047", r=3)
        else:
            c.rect(x, 190, 21, -value, "#e53935", r=3)
        c.text(x + 10, 330, str(k + 2), 12, "#5b6470")
    for k, (label, y) in enumerate((("strike", 276), ("battery", 300), ("game!", 66))):
        c.text((185, 290, 352)[k], y, label, 13, "#20242c")
    return c
