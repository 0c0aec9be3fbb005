"""When a site counts as online and its picture as stale. Pure; ages in seconds."""

# A site speaks at least every 10 s (up.state, up.eebus): three missed = offline.
ONLINE_FOR_S = 30.0
STALE_AFTER_S = 15.0
# While somebody watches, pictures come every second.
STALE_WATCHED_AFTER_S = 5.0
# A program that asks for the dashboard gets a picture no older than this while the CEM answers.
FRESH_FOR_S = 1.0
# A watch lasts 30 s at the site; it is renewed well before.
WATCH_EVERY_S = 10.0
WATCH_SETTLES_S = 3.0


def is_online(age_s: float | None) -> bool:
    """Whether a site heard `age_s` ago (None: never since our start) is online."""
    return age_s is not None and age_s <= ONLINE_FOR_S


def is_stale(age_s: float, watched_for_s: float | None) -> bool:
    """Whether a picture of this age shows no longer what is so.

    watched_for_s: how long pictures have been asked for each second; None = they are not.
    """
    settled = watched_for_s is not None and watched_for_s >= WATCH_SETTLES_S
    return age_s > (STALE_WATCHED_AFTER_S if settled else STALE_AFTER_S)
