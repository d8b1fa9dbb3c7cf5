"""Things that switch on: kitchen machines, screens, lamps, clocks. Fronts face +z."""

from __future__ import annotations

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES", "cracks"]


def cracks(k: Sketch, x: float, y: float, z: float) -> None:
    """A star of cracks on a pane in the plane z, reaching ±x and ±y about the centre."""
    paint = m.WHITE.lit(0.5)
    for dx, dy in ((1, 0.9), (-1, 0.55), (0.4, -1), (-0.75, -0.85), (0.05, 1), (1, -0.25), (-1, -0.1)):
        bend = (0.45 * dx * x + 0.06 * x * dy, 0.5 * dy * y, z)
        k.tube([(0, 0, z), bend, (dx * x, dy * y, z)], max(0.002, 0.012 * min(x, y)), paint, segments=4)


def coffee_machine(k: Sketch, s: Size, a: Appearance) -> None:
    """A tank at the back, a brewing head above the place for a mug, a lit key when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    body = pick((m.CHARCOAL, m.RED, m.STEEL), a.seed)
    k.cushion((-x, -y, -z), (x, -y + 0.12 * s[1], z), m.BLACK, roundness=0.15)
    k.box((-0.6 * x, -y + 0.12 * s[1], 0), (0.6 * x, -y + 0.125 * s[1], z * 0.9), m.STEEL)
    k.cushion((-x, -y + 0.05, -z), (x, y, -0.1 * s[2]), body, roundness=0.2)
    k.cushion((-0.85 * x, y - 0.38 * s[1], -0.2 * s[2]), (0.85 * x, y, z * 0.8), body, roundness=0.25)
    k.cylinder((0, y - 0.44 * s[1], 0.15 * s[2]), 0.12 * s[0], 0.08 * s[1], m.STEEL)
    key = Paint((0.2, 0.95, 0.35), glow=1.0) if a.on else m.GREY
    k.cylinder((0, y - 0.16 * s[1], z * 0.8 - 0.01), 0.07 * s[0], 0.016, key, axis="z")
    if a.on:
        k.cylinder((0, -y + 0.14 * s[1], 0.15 * s[2]), 0.012, 0.42 * s[1], m.LIQUIDS["coffee"], segments=6)


def toaster(k: Sketch, s: Size, a: Appearance) -> None:
    """Two slots along its length, a lever; the slots glow when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    body = pick((m.STEEL, m.RED, m.STEEL, m.CHARCOAL), a.seed)
    wide = s[0] >= s[2]
    k.cushion((-x * 0.94, -y + 0.012, -z * 0.94), (x * 0.94, y, z * 0.94), body, roundness=0.25)
    k.box((-x * 0.9, -y, -z * 0.9), (x * 0.9, -y + 0.03, z * 0.9), m.BLACK)
    slot = Paint((1.0, 0.42, 0.12), glow=1.0) if a.on else m.BLACK
    for side in (-0.35, 0.35):
        if wide:
            k.box((-x * 0.7, y - 0.02, side * z - 0.015), (x * 0.7, y + 0.001, side * z + 0.015), slot)
        else:
            k.box((side * x - 0.015, y - 0.02, -z * 0.7), (side * x + 0.015, y + 0.001, z * 0.7), slot)
    level = -0.25 * s[1] if a.on else 0.18 * s[1]
    if wide:
        k.box((x * 0.9, level, -0.03), (x, level + 0.02, 0.03), m.BLACK)
    else:
        k.box((-0.03, level, z * 0.9), (0.03, level + 0.02, z), m.BLACK)


def television(k: Sketch, s: Size, a: Appearance) -> None:
    """A flat screen on a foot; a picture when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    hung = s[2] < 0.14
    bottom = -y if hung else -y + 0.12 * s[1]
    half = min(z, 0.03)
    middle = 0.0
    k.box((-x, bottom, middle - half), (x, y, middle + half), m.BLACK)
    frame = min(0.035, 0.05 * s[0])
    face = middle + half
    lo, hi = (-x + frame, bottom + frame), (x - frame, y - frame)
    if a.on and not a.broken:
        width, height = hi[0] - lo[0], hi[1] - lo[1]
        bands = (
            (0.0, 0.38, Paint((0.22, 0.5, 0.2), glow=1.0)),
            (0.38, 0.52, Paint((0.35, 0.62, 0.75), glow=1.0)),
            (0.52, 1.0, Paint((0.5, 0.75, 0.97), glow=1.0)),
        )
        for start, end, paint in bands:
            k.box((lo[0], lo[1] + start * height, face), (hi[0], lo[1] + end * height, face + 0.002), paint)
        k.ellipsoid(
            (0.25 * width, lo[1] + 0.75 * height, face + 0.002),
            (0.09 * height, 0.09 * height, 0.002),
            m.YELLOW.lit(1.0),
            rings=4,
        )
        k.box(
            (-0.2 * width, lo[1] + 0.1 * height, face + 0.002),
            (-0.05 * width, lo[1] + 0.5 * height, face + 0.004),
            m.RED.lit(1.0),
        )
    else:
        k.box((*lo, face), (*hi, face + 0.002), m.SCREEN_OFF)
    if a.broken:
        cracks(k, x * 0.8, (hi[1] - lo[1]) * 0.45, face + 0.003)
    if not hung:
        k.box((-0.06 * s[0], -y, middle - half), (0.06 * s[0], bottom + 0.05, middle + half), m.CHARCOAL)
        k.box((-x * 0.5, -y, -z), (x * 0.5, -y + 0.02, z), m.BLACK)


def burner(k: Sketch, s: Size, a: Appearance) -> None:
    """A grate over a ring; the ring glows, with flames, when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.cylinder((0, -y, 0), 1.0, s[1] * 0.3, m.BLACK, segments=20, stretch=(x * 0.8, z * 0.8))
    ring = m.HOT if a.on else m.DARK_STEEL
    k.cylinder((0, -y, 0), 1.0, s[1] * 0.6, ring, segments=16, stretch=(x * 0.45, z * 0.45))
    bar = max(0.006, 0.05 * x)
    grate = m.HOT if a.on and a.seed % 2 else m.CHARCOAL
    k.box((-x, y - 0.4 * s[1], -bar), (x, y, bar), grate)
    k.box((-bar, y - 0.4 * s[1], -z), (bar, y, z), grate)
    if a.on:
        for i in range(8):
            k.turn(45 * i + 22.5)
            k.cylinder(
                (0, -y + s[1] * 0.5, z * 0.52), 0.012, 0.035, Paint((0.3, 0.5, 1.0), glow=1.0), top=0.001, segments=6
            )
        k.turn(0)


def knob(k: Sketch, s: Size, a: Appearance) -> None:
    """A dial with a pointer that turns when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    r = min(x, y)
    k.cylinder((0, 0, -z), r, s[2] * 0.6, m.DARK_STEEL, axis="z", segments=14)
    k.turn(90 if a.on else 0, axis="z")
    k.box((-r * 0.16, -r * 0.9, -z), (r * 0.16, r * 0.9, z), m.RED if a.on else m.WHITE)
    k.turn(0)


def lamp(k: Sketch, s: Size, a: Appearance) -> None:
    """A foot, a stem and a shade that glows when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    metal = pick((m.DARK_STEEL, m.BRASS, m.BLACK, m.WHITE), a.seed)
    shade = pick((m.OFF_WHITE, m.CREAM_FABRIC, m.WHITE_FABRIC), a.seed)
    if a.on:
        shade = m.WARM_LIGHT
    tall = s[1] > 1.2
    low = y - (0.2 if tall else 0.42) * s[1]
    r = 1.0
    k.cylinder((0, -y, 0), 0.62 * r, 0.025, metal, segments=20, stretch=(x, z))
    k.cylinder((0, -y + 0.025, 0), 0.012 + 0.02 * (not tall), low - (-y) + 0.05, metal, segments=8)
    if not tall:
        k.ellipsoid(
            (0, -y + 0.3 * s[1], 0), (0.3 * x, 0.22 * s[1], 0.3 * z), pick(m.BRIGHT, a.seed) if a.seed % 2 else metal
        )
    k.lathe([(r, low), (0.7 * r, y), (0.66 * r, y), (0.94 * r, low), (r, low)], shade, segments=20, stretch=(x, z))
    k.ellipsoid(
        (0, low + 0.35 * (y - low), 0),
        (0.22 * x, 0.22 * x, 0.22 * x),
        m.WARM_LIGHT if a.on else m.WHITE,
        segments=8,
        rings=5,
    )


def light_switch(k: Sketch, s: Size, a: Appearance) -> None:
    """A plate with a rocker: up when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y, 0), m.WHITE)
    k.turn(-14 if a.on else 14, axis="x")
    k.box((-0.3 * x, -0.4 * y, -z * 0.4), (0.3 * x, 0.4 * y, z * 0.8), tint(m.OFF_WHITE, 0.9))
    k.turn(0)
    k.box((-0.1 * x, 0.62 * y, 0), (0.1 * x, 0.75 * y, 0.1 * z), Paint((0.3, 0.9, 0.4), glow=1.0) if a.on else m.GREY)


def desktop(k: Sketch, s: Size, a: Appearance) -> None:
    """A monitor with keyboard and mouse before it."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x * 0.8, -y + 0.28 * s[1], -z * 0.4), (x * 0.8, y, -z * 0.4 + 0.05), m.BLACK)
    k.box(
        (-x * 0.75, -y + 0.33 * s[1], -z * 0.4 + 0.05),
        (x * 0.75, y - 0.03, -z * 0.4 + 0.053),
        m.SCREEN_ON if a.on else m.SCREEN_OFF,
    )
    k.box((-0.04, -y, -z * 0.4), (0.04, -y + 0.3 * s[1], -z * 0.4 + 0.03), m.CHARCOAL)
    k.box((-x * 0.35, -y, -z), (x * 0.35, -y + 0.02, z * 0.1), m.CHARCOAL)
    k.box((-x * 0.7, -y, z * 0.35), (x * 0.5, -y + 0.02, z), m.CHARCOAL)
    k.ellipsoid((x * 0.75, -y + 0.02, z * 0.65), (0.035, 0.02, 0.05), m.BLACK)


def alarm_clock(k: Sketch, s: Size, a: Appearance) -> None:
    """A round dial with two bells, or a digital block."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    body = pick(m.BRIGHT, a.seed)
    if s[1] > 0.8 * max(s[0], s[2]):
        r = min(x, 0.42 * s[1])
        k.cylinder((0, -0.04 * s[1], -z * 0.7), r, s[2] * 0.7, body, axis="z", segments=18)
        k.cylinder((0, -0.04 * s[1], z * 0.0), r * 0.85, z * 0.6, m.PAPER, axis="z", segments=18)
        k.box((-0.006, -0.04 * s[1], z * 0.6), (0.006, r * 0.6, z * 0.62), m.BLACK)
        k.box((0, -0.045 * s[1], z * 0.6), (r * 0.45, -0.045 * s[1] + 0.01, z * 0.62), m.BLACK)
        for sx in (-1, 1):
            k.ellipsoid(
                (sx * x * 0.55, y - 0.12 * s[1], 0), (0.25 * x, 0.12 * s[1], 0.4 * z), m.BRASS, segments=8, rings=5
            )
            k.tube([(sx * r * 0.5, -0.3 * s[1], 0), (sx * x * 0.7, -y, 0)], 0.008, m.DARK_STEEL)
        return
    k.cushion((-x, -y, -z), (x, y, z), body, roundness=0.2)
    k.box((-x * 0.8, -y * 0.5, z * 0.97), (x * 0.8, y * 0.5, z), m.BLACK)
    for i in (-0.55, -0.2, 0.2, 0.55):
        k.box(
            (i * x - 0.08 * x, -y * 0.3, z), (i * x + 0.08 * x, y * 0.3, z + 0.001), Paint((1.0, 0.2, 0.15), glow=1.0)
        )


def phone(k: Sketch, s: Size, a: Appearance) -> None:
    """A slab with a screen on top."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y * 0.8, z), pick((m.CHARCOAL, m.STEEL, m.WHITE), a.seed))
    k.box(
        (-x * 0.88, y * 0.8, -z * 0.86), (x * 0.88, y, z * 0.86), m.SCREEN_ON if a.on and not a.broken else m.SCREEN_OFF
    )
    if a.broken:
        for dx, dz in ((0.8, 0.8), (-0.8, 0.5), (0.3, -0.8), (-0.6, -0.7)):
            k.tube([(0, y, 0), (dx * x, y, dz * z)], 0.0015, m.WHITE, segments=4)


def remote(k: Sketch, s: Size, a: Appearance) -> None:
    """A slab with rows of keys."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y, -z), (x, y * 0.6, z), m.CHARCOAL)
    along_x = s[0] > s[2]
    for i in range(6):
        for j in range(3):
            u, v = -0.75 + 0.28 * i, -0.5 + 0.5 * j
            px, pz = (u * x, v * z) if along_x else (v * x, u * z)
            paint = m.RED if (i, j) == (5, 1) else m.GREY
            k.box((px - 0.006, y * 0.6, pz - 0.006), (px + 0.006, y, pz + 0.006), paint)


def watch(k: Sketch, s: Size, a: Appearance) -> None:
    """A dial on a strap loop."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    strap = pick((m.BLACK, m.BROWN, m.STEEL), a.seed)
    k.lathe([(1.0, -y), (1.0, y * 0.5), (0.86, y * 0.5), (0.86, -y), (1.0, -y)], strap, segments=14, stretch=(x, z))
    k.cylinder((0, y * 0.2, z * 0.6), min(x, z) * 0.6, y * 0.8, m.BRASS)
    k.cylinder((0, y * 0.96, z * 0.6), min(x, z) * 0.5, y * 0.04, m.PAPER)


def vacuum(k: Sketch, s: Size, a: Appearance) -> None:
    """An upright vacuum cleaner."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.cushion((-x, -y, -z * 0.2), (x, -y + 0.16, z), m.CHARCOAL, roundness=0.25)
    k.tube([(0, -y + 0.1, z * 0.2), (0, y - 0.1, -z * 0.8), (0, y, -z * 0.5)], 0.03, m.STEEL)
    k.cylinder((0, -y + 0.15, 0), 0.12, 0.35, m.GLASS, segments=12)
    k.ellipsoid((0, -y + 0.12, 0), (0.14, 0.12, 0.14), m.YELLOW)


SHAPES = {
    "AlarmClock": alarm_clock,
    "CellPhone": phone,
    "CoffeeMachine": coffee_machine,
    "DeskLamp": lamp,
    "Desktop": desktop,
    "FloorLamp": lamp,
    "LightSwitch": light_switch,
    "RemoteControl": remote,
    "StoveBurner": burner,
    "StoveKnob": knob,
    "Television": television,
    "Toaster": toaster,
    "VacuumCleaner": vacuum,
    "Watch": watch,
}
"""Builder of each object type."""
