"""Scenes with the invented phone Nordlys N3."""

import math
import random

from canvas import Canvas, Color

BODY = "#1d2129"


def make_phone(
    body: Color = BODY, top: Color = "#10243f", bottom: Color = "#2fa58a", *, is_off: bool = False
) -> Canvas:
    """A phone seen from the front, 130 x 250, on a transparent ground."""
    phone = Canvas(134, 254, (0, 0, 0, 0))
    phone.rect(2, 2, 130, 250, body, r=20)
    screen = Canvas(114, 230, "#0a0b0e")
    if not is_off:
        screen.gradient(top, bottom)
    phone.place(screen, 67, 127)
    phone.rect(6, 8, 122, 238, None, r=16, outline=body, width=6)
    phone.disc(67, 20, 4, fill="#05060a")
    return phone


def aurora_phone(body: Color) -> Canvas:
    """A phone with northern lights on its screen."""
    phone = make_phone(body, "#0a1430", "#173a5c")
    for k, color in enumerate(((80, 240, 170), (60, 200, 210), (150, 120, 240))):
        points = [(14 + i * 5.3, 120 + 22 * math.sin(i / 3 + k) - k * 18) for i in range(21)]
        upper = [(x, y - 46) for x, y in reversed(points)]
        phone.veil(points + upper, color, 95)
    phone.text(67, 60, "9:41", 24, "white", bold=0.3)
    phone.text(67, 80, "Mon 2 March", 8, "#dbe7f3")
    phone.poly([(14, 236), (40, 200), (66, 222), (92, 194), (120, 236)], "#0b1526")
    return phone


def phone_new(body: Color, ground: Color) -> Canvas:
    c = Canvas(fill=ground)
    c.gradient(ground, "#f4efe6")
    c.shadow(245, 318, 120, 18)
    c.place(aurora_phone(body), 200, 185, 12)
    back = Canvas(134, 254, (0, 0, 0, 0))
    back.rect(2, 2, 130, 250, body, r=20)
    back.rect(14, 14, 52, 74, "#2b3038", r=14)
    for y in (34, 68):
        back.disc(40, y, 13, fill="#0c0e12", outline="#565d69", width=2)
        back.disc(36, y - 4, 3, fill="#7f8ea3")
    back.text(67, 200, "NORDLYS", 12, "#f0f0f0")
    c.place(back, 310, 190, -10)
    return c


def phone_in_sun() -> Canvas:
    c = Canvas()
    c.gradient("#7cc4f2", "#d9f0ff", 0, 240)
    c.glow(400, 60, 90, (255, 240, 160), 220)
    c.disc(400, 60, 36, fill="#ffe066")
    c.rect(0, 240, 480, 120, "#7db85b")
    phone = make_phone("#e8e3da", "#fdfdfd", "#eef4ff")
    phone.text(67, 60, "12:08", 26, "#20242c", bold=0.4)
    for row in range(7):
        phone.rect(22, 88 + row * 18, (86, 74, 90, 60, 82, 78, 40)[row], 7, "#3a4252", r=3)
    c.place(phone, 215, 190, 8)
    c.poly([(150, 360), (165, 290), (205, 268), (250, 290), (280, 360)], "#e6b18f")
    c.rect(268, 180, 26, 62, "#e6b18f", r=13)
    return c


def crack(phone: Canvas, x: float, y: float, seed: int, n_rays: int = 11) -> None:
    """Draw a spider web of cracks around a point of a phone's screen."""
    rng = random.Random(seed)
    rings: list[list[tuple[float, float]]] = [[], [], []]
    for ray in range(n_rays):
        angle = 2 * math.pi * ray / n_rays + rng.uniform(-0.2, 0.2)
        points = [(x, y)]
        for step in range(1, 9):
            radius = step * 15
            bend = angle + rng.uniform(-0.13, 0.13)
            point = (x + radius * math.cos(bend), y + radius * math.sin(bend))
            if not (12 < point[0] < 122 and 12 < point[1] < 240):
                break
            points.append(point)
            if step <= 3:
                rings[step - 1].append(point)
        phone.line(points, "#e8eef5", 1.3)
    for ring in rings:
        phone.line([*ring, ring[0]], "#cfd8e3", 0.9)
    phone.disc(x, y, 7, fill="#f4f7fa")


def phone_smashed() -> Canvas:
    c = Canvas(fill="#8d8f92")
    rng = random.Random(4)
    for _ in range(420):
        tone = rng.choice(["#84868a", "#97999c", "#7a7c80"])
        c.disc(rng.uniform(0, 480), rng.uniform(0, 360), rng.uniform(1, 3.2), fill=tone)
    c.line([(0, 120), (480, 84)], "#6c6e72", 5)
    phone = make_phone(is_off=True)
    crack(phone, 50, 80, 1, 13)
    crack(phone, 96, 190, 2, 9)
    c.shadow(240, 205, 150, 95, 110)
    c.place(phone, 240, 185, 62)
    for _ in range(26):
        x, y = rng.uniform(60, 430), rng.uniform(60, 320)
        size = rng.uniform(4, 11)
        c.poly([(x, y), (x + size, y + size / 3), (x + size / 3, y + size)], "#dfe9f2")
    return c


def phone_cracked() -> Canvas:
    c = Canvas(fill="#b98d5f")
    for y in range(0, 360, 60):
        c.rect(0, y, 480, 58, "#c79b6b" if y % 120 else "#bd9061")
        c.line([(0, y + 20), (480, y + 24)], "#b3875a", 1)
    phone = aurora_phone(BODY)
    crack(phone, 82, 150, 8, 13)
    c.shadow(250, 196, 92, 132, 100)
    c.place(phone, 240, 182, -7)
    return c


def draw_battery(c: Canvas, x: float, y: float, w: float, percent: int, color: Color) -> None:
    """A lying battery with its charge; (x, y) is the upper left corner."""
    h = w * 0.46
    c.rect(x, y, w, h, None, r=w * 0.06, outline="#f2f4f7", width=w * 0.03)
    c.rect(x + w + 2, y + h * 0.3, w * 0.05, h * 0.4, "#f2f4f7", r=2)
    inner = w - w * 0.12
    c.rect(x + w * 0.06, y + w * 0.06, max(4, inner * percent / 100), h - w * 0.12, color, r=3)


def phone_battery(percent: int, color: Color, caption: str, ground: Color) -> Canvas:
    c = Canvas(fill=ground)
    c.gradient(ground, "#e7dccb")
    c.rect(0, 285, 480, 75, "#8b6b4a")
    phone = make_phone(top="#12151b", bottom="#1d222b")
    draw_battery(phone, 32, 80, 66, percent, color)
    phone.text(67, 140, f"{percent} %", 30, "white", bold=0.6)
    phone.text(67, 172, caption, 10, "#c5ccd6")
    c.shadow(205, 312, 90, 16)
    c.place(phone, 205, 180, 4)
    c.disc(352, 280, 42, 12, fill="#d9d4cb")
    c.poly([(322, 216), (382, 216), (374, 280), (330, 280)], "#f8f6f1")
    c.disc(352, 216, 30, 8, fill="#5b3a22")
    c.arc(384, 244, 14, 16, -80, 90, "#f8f6f1", 6)
    return c


def phone_hot(*, is_on_bed: bool) -> Canvas:
    c = Canvas(fill="#e9ecf2" if is_on_bed else "#4a4f59")
    if is_on_bed:
        for k in range(5):
            c.line([(0, 70 * k + 30), (240, 70 * k + 10), (480, 70 * k + 44)], "#ccd2de", 5)
        c.rect(-30, -40, 250, 130, "#f9fafc", r=40, outline="#cfd5e0", width=3)
        c.disc(250, 200, 96, 74, fill="#d8c9b2")
        c.disc(250, 200, 78, 58, fill="#b58f5d")
    phone = make_phone("#2a1512", "#5b0d0d", "#d84315")
    phone.poly([(67, 74), (100, 134), (34, 134)], "#ffd54f")
    phone.text(67, 114, "!", 34, "#5b0d0d", bold=1)
    phone.text(67, 156, "Too hot", 16, "white", bold=0.4)
    phone.text(67, 176, "47 °C", 14, "#ffe0b2")
    c.glow(250, 190, 130, (255, 96, 32), 130)
    c.place(phone, 250, 190, 68 if is_on_bed else -12)
    if not is_on_bed:
        for x in (130, 372, 424):
            points = [(x + 9 * math.sin(i / 2.2), 250 - i * 8) for i in range(20)]
            c.line(points, "#ff8a50", 5)
    return c


def phone_charging() -> Canvas:
    c = Canvas(fill="#6d4c33")
    c.gradient("#efe1cc", "#dcc6a5", 0, 150)
    c.rect(0, 150, 480, 210, "#8a5f3c")
    c.rect(0, 150, 480, 10, "#a3744c")
    phone = make_phone(top="#101318", bottom="#1a1f27")
    draw_battery(phone, 32, 86, 66, 4, "#ef5350")
    phone.poly([(72, 134), (56, 164), (68, 164), (62, 190), (82, 154), (70, 154)], "#ffd54f")
    c.shadow(180, 270, 130, 50, 90)
    c.place(phone, 180, 240, 74)
    cable = [(302 + i * 4, 214 - 60 * math.sin(i / 9)) for i in range(30)]
    c.line([(296, 216), *cable, (424, 120)], "#f5f5f5", 6)
    c.rect(402, 70, 48, 54, "#f2f2f2", r=8, outline="#c8c8c8", width=2)
    c.rect(290, 206, 22, 18, "#e0e0e0", r=4)
    c.place(make_cup_small(), 90, 116)
    return c


def make_cup_small() -> Canvas:
    """A paper cup of the coffee chain, 80 x 110."""
    cup = Canvas(80, 110, (0, 0, 0, 0))
    cup.poly([(12, 22), (68, 22), (60, 106), (20, 106)], "#f7f3ea")
    cup.rect(8, 10, 64, 14, "#2f6f73", r=5)
    cup.poly([(15, 50), (65, 50), (62, 82), (18, 82)], "#2f6f73")
    cup.text(40, 66, "B & T", 13, "white", bold=0.3)
    return cup


def phone_swollen(tint: Color, angle: float) -> Canvas:
    c = Canvas(fill=tint)
    c.gradient("#f2f2ef", tint)
    side = Canvas(330, 120, (0, 0, 0, 0))
    arch = [(10 + i * 10, 74 - 40 * math.sin(math.pi * i / 31)) for i in range(32)]
    side.poly([*arch, (320, 84), (10, 84)], "#3b4049")
    side.poly([(x, y + 9) for x, y in arch] + [(320, 84), (10, 84)], "#c9a227")
    side.rect(4, 78, 322, 20, "#171a20", r=9)
    side.rect(40, 86, 30, 5, "#4d535e", r=2)
    side.line(arch, "#5a616d", 4)
    c.shadow(240, 258, 180, 20, 100)
    c.place(side, 240, 200, angle)
    c.line([(240, 118), (240, 72)], "#d32f2f", 4)
    c.poly([(228, 110), (252, 110), (240, 132)], "#d32f2f")
    c.text(240, 52, "this was flat on Sunday", 20, "#b71c1c", bold=0.4)
    return c


def update_bar() -> Canvas:
    c = Canvas(fill="#27313f")
    c.gradient("#31465c", "#17202b")
    phone = make_phone(top="#f7f9fc", bottom="#e3eaf3")
    phone.disc(67, 92, 26, outline="#2fa58a", width=5)
    phone.text(67, 92, "2.4", 18, "#20242c", bold=0.4)
    phone.text(67, 138, "Installing update", 11, "#20242c")
    phone.rect(26, 156, 82, 8, "#cdd6e2", r=4)
    phone.rect(26, 156, 74, 8, "#2fa58a", r=4)
    phone.text(67, 178, "91 %", 12, "#4a5568")
    phone.text(67, 214, "Keep your phone on", 9, "#6b7686")
    c.glow(240, 180, 150, (120, 200, 220), 60)
    c.place(phone, 240, 180)
    return c


def draw_skyline(c: Canvas, y: float, seed: int, wall: Color, lit: Color, share: float) -> None:
    """A row of houses with lit windows that stands on the height y."""
    rng = random.Random(seed)
    x = -10.0
    while x < c.width:
        w, h = rng.uniform(30, 58), rng.uniform(40, 130)
        c.rect(x, y - h, w, h, wall)
        for wy in range(int(y - h) + 8, int(y) - 8, 14):
            for wx in range(int(x) + 6, int(x + w) - 8, 11):
                if rng.random() < share:
                    c.rect(wx, wy, 5, 7, lit)
        x += w + 2


def night_skyline() -> Canvas:
    c = Canvas()
    c.gradient("#050b1f", "#2b3f73", 0, 250)
    rng = random.Random(2)
    for _ in range(90):
        c.disc(rng.uniform(0, 480), rng.uniform(0, 160), rng.uniform(0.5, 1.4), fill="#f1f4ff")
    c.glow(390, 62, 50, (255, 250, 220), 120)
    c.disc(390, 62, 24, fill="#fbf6dc")
    draw_skyline(c, 250, 5, "#101a33", "#ffd772", 0.5)
    c.gradient("#1b2a52", "#060b1a", 250, 360)
    for k in range(40):
        x, y = rng.uniform(0, 470), rng.uniform(256, 350)
        c.rect(x, y, rng.uniform(8, 30), 2, "#c9a85a" if k % 2 else "#3d5490", r=1)
    c.rect(70, 190, 5, 110, "#20242c")
    c.glow(72, 186, 34, (255, 214, 120), 190)
    c.disc(72, 186, 9, fill="#fff3c4")
    return c


def photo_comparison() -> Canvas:
    c = Canvas()
    bright = night_skyline()
    dark = night_skyline()
    dark.veil([(0, 0), (480, 0), (480, 360), (0, 360)], (46, 38, 34), 175)
    dark.blur(4)
    rng = random.Random(9)
    for _ in range(500):
        tone = rng.choice(["#4a4038", "#2a2522", "#5a4f48"])
        dark.disc(rng.uniform(0, 480), rng.uniform(0, 360), 1.3, fill=tone)
    c.place(dark, 0, 180)
    half = bright.image.crop((480, 0, 960, 720))
    c.image.paste(half, (480, 0))
    c.rect(237, 0, 6, 360, "white")
    for x, label in ((120, "2019 phone"), (360, "N3")):
        c.rect(x - 62, 318, 124, 30, "#000000", r=8)
        c.text(x, 333, label, 17, "white")
    return c


def battery_chart() -> Canvas:
    c = Canvas(fill="#14181f")
    c.text(30, 34, "Battery, last 24 h", 18, "#e6edf5", "lm", bold=0.3)
    for k in range(5):
        y = 80 + k * 55
        c.line([(60, y), (450, y)], "#2b3340", 1)
        c.text(52, y, f"{100 - 25 * k}", 12, "#8d99a8", "rm")
    curve = [(60, 84), (120, 90), (170, 104), (205, 130), (235, 205), (262, 252), (300, 278),
             (340, 291), (390, 299), (450, 300)]  # fmt: skip
    c.poly([*curve, (450, 300), (60, 300)], "#4a1d22")
    c.line(curve, "#ff5252", 4)
    for x, label in ((60, "06"), (157, "12"), (255, "18"), (352, "00"), (450, "06")):
        c.text(x, 322, label, 12, "#8d99a8")
    c.disc(450, 300, 6, fill="#ff5252")
    c.text(436, 280, "0 %", 16, "#ff8a80", "rm", bold=0.4)
    return c
