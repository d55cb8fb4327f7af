"""Every picture of the sample by name, and how it is written."""

import io
from collections.abc import Callable

import scenes_city as city
import scenes_home as home
import scenes_phone as phone
import scenes_play as play
from canvas import Canvas
from PIL import Image

SCENES: dict[str, Callable[[], Canvas]] = {
    "phone_new_green": lambda: phone.phone_new("#2f5d50", "#cfe3da"),
    "phone_in_sun": phone.phone_in_sun,
    "phone_smashed": phone.phone_smashed,
    "phone_cracked": phone.phone_cracked,
    "phone_battery_9": lambda: phone.phone_battery(9, "#ef5350", "1 h 2 min left?", "#cbd5dd"),
    "battery_61": lambda: phone.phone_battery(61, "#66bb6a", "update 2.4.1", "#f0d9c4"),
    "phone_hot": lambda: phone.phone_hot(is_on_bed=False),
    "phone_hot_bed": lambda: phone.phone_hot(is_on_bed=True),
    "phone_charging": phone.phone_charging,
    "phone_swollen": lambda: phone.phone_swollen("#c9cdd2", 0),
    "phone_bent": lambda: phone.phone_swollen("#d8c3a5", -8),
    "update_bar": phone.update_bar,
    "night_skyline": phone.night_skyline,
    "photo_comparison": phone.photo_comparison,
    "battery_chart": phone.battery_chart,
    "tram_sunny": city.tram_sunny,
    "tram 7 morning": city.tram_morning,
    "tram_crowded": city.tram_crowded,
    "tram_sunset": city.tram_sunset,
    "goat_on_tram": city.goat_on_tram,
    "rails_rain": city.rails_rain,
    "board_cancelled": city.board_cancelled,
    "bus_queue": city.bus_queue,
    "sorry_poster": city.sorry_poster,
    "ticket_torn": city.ticket_torn,
    "ticket_free": city.ticket_free,
    "bike_rain": city.bike_rain,
    "latte_heart": home.latte_heart,
    "coffee_croissant": home.coffee_croissant,
    "receipt": home.receipt,
    "stamp_card": home.stamp_card,
    "takeaway_cup": home.takeaway_cup,
    "cat_blanket": home.cat_blanket,
    "sunset_lake": home.sunset_lake,
    "sunset_hills": home.sunset_hills,
    "lighthouse": home.lighthouse,
    "tv_couch": home.tv_couch,
    "scoreboard_3_1": lambda: play.scoreboard(3, 1, "ALDMOOR", is_night=False),
    "scoreboard_0_2": lambda: play.scoreboard(0, 2, "KESTREL", is_night=True),
    "ball_in_net": play.ball_in_net,
    "fans_confetti": play.fans_confetti,
    "scarf": play.scarf,
    "sad_fan_rain": play.sad_fan_rain,
    "ember_logo": play.ember_logo,
    "ember_screenshot": play.ember_screenshot,
    "rating_stars": play.rating_stars,
    "server_queue": play.server_queue,
    "meme_four_am": play.meme_four_am,
    "controllers": play.controllers,
    "buffering": play.buffering,
    "price_mail": play.price_mail,
    "cancelled_account": play.cancelled_account,
    "ad_break": play.ad_break,
    "mood_chart": play.mood_chart,
}

# Stored turned, with the EXIF tag that says so (as phones do).
TURNED = frozenset({"goat_on_tram.jpg"})
EXIF_ORIENTATION = 0x0112
JPEG_QUALITY = 66


def render_picture(file_name: str) -> bytes:
    """The bytes of one picture; its format is the ending of its name."""
    name, _, ending = file_name.rpartition(".")
    buffer = io.BytesIO()
    if ending == "gif":
        first, *others = play.campfire_frames()
        first.save(buffer, "GIF", save_all=True, append_images=others, duration=180, loop=0)
        return buffer.getvalue()
    picture = SCENES[name]().finish()
    if ending == "png":
        # 128 colors: small files, and a palette with alpha is a case of its own.
        few = picture.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(buffer, "PNG", optimize=True)
    elif ending == "webp":
        picture.convert("RGB").save(buffer, "WEBP", quality=70, method=6)
    elif file_name in TURNED:
        exif = Image.Exif()
        exif[EXIF_ORIENTATION] = 6  # shown turned by 90 degrees clockwise
        turned = picture.convert("RGB").transpose(Image.Transpose.ROTATE_90)
        turned.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, exif=exif)
    else:
        picture.convert("RGB").save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return buffer.getvalue()
