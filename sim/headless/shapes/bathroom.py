"""Basins, taps, toilets, showers and what hangs or stands beside them. Fronts face +z."""

from __future__ import annotations

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Sketch

__all__ = ["SHAPES"]


def sink(k: Sketch, s: Size, a: Appearance) -> None:
    """A slab with its basins cut out; a wash basin on a pedestal if it reaches down."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = m.PORCELAIN if s[1] > 0.3 or a.seed % 2 else m.STEEL
    bottom = -y
    if s[1] > 0.45:
        bottom = y - 0.2
        k.cylinder((0, -y, -0.2 * z), 0.14, bottom + y + 0.02, paint, top=0.1, segments=16)
    carve(k, (-x, bottom, -z), (x, y, z), [(*c[:4], y + 0.05, c[5]) for c in a.cavities], paint)


def basin(k: Sketch, s: Size, a: Appearance) -> None:
    """The inside of a sink or tub: an open trough with thin walls and a drain; water when filled."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = tint(m.PORCELAIN, 0.93) if a.seed % 2 or max(s) > 0.9 else tint(m.STEEL, 1.05)
    wall = min(0.012, 0.1 * s[1])
    bottom = min([-y, *(c[1] - wall - 0.002 for c in a.cavities)])  # below what lies in it
    k.shell((-x, bottom, -z), (x, y, z), wall, paint, open_side="+y", inside=paint)
    k.cylinder((0, bottom + wall * 1.05, 0), 0.03, 0.001, m.DARK_STEEL)
    if a.filled:
        level = -y + 0.45 * s[1]
        k.box(
            (-x + wall * 1.1, level - 0.004, -z + wall * 1.1),
            (x - wall * 1.1, level, z - wall * 1.1),
            m.LIQUIDS.get(a.filled, m.LIQUIDS["water"]),
        )


def bathtub(k: Sketch, s: Size, a: Appearance) -> None:
    """A tub: a block hollow where its basin is."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    rim = min(0.08, 0.15 * min(s[0], s[2]))
    cavities = a.cavities or ((-x + rim, -y + 0.1, -z + rim, x - rim, y + 0.01, z - rim),)
    carve(k, (-x, -y, -z), (x, y, z), [(*c[:4], max(c[4], y + 0.01), c[5]) for c in cavities], m.PORCELAIN)


def faucet(k: Sketch, s: Size, a: Appearance) -> None:
    """A neck that bows forward and down, a handle at its side; water runs when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    metal = m.STEEL
    r = max(0.008, min(0.018, 0.12 * min(s[0], s[2]) + 0.006))
    back = -z + r * 1.6
    k.cylinder((0, -y, back), r * 1.6, 0.03 * s[1] + 0.01, metal)
    path = [(0, -y, back), (0, y - 0.3 * s[1], back), (0, y - r - 0.06 * s[1], back + 0.12 * s[2]), (0, y - r, 0.0),
            (0, y - r - 0.06 * s[1], z - r - 0.12 * s[2]), (0, y - 0.32 * s[1], z - r)]  # fmt: skip
    k.tube(path, r, metal, segments=8)
    k.tube([(x * 0.4, -y + 0.04, back), (x - 0.01, -y + 0.06 + (0.05 if a.on else 0.0), back)], r * 0.7, metal)
    k.tube([(-x * 0.4, -y + 0.04, back), (-x + 0.01, -y + 0.06 + (0.05 if a.on else 0.0), back)], r * 0.7, metal)
    if a.on:
        k.cylinder((0, -y - 0.12, z - r), 0.009, 0.68 * s[1] + 0.12, Paint((0.62, 0.82, 0.95), glow=0.6), segments=8)


def shower_head(k: Sketch, s: Size, a: Appearance) -> None:
    """A rose at the top of a pipe; drops fall when on."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.tube(
        [(0, -y, -z + 0.02), (0, y - 0.06, -z + 0.02), (0, y - 0.02, -z * 0.4), (0, y - 0.05, z * 0.3)], 0.012, m.STEEL
    )
    r = min(x, z, 0.12) * 0.9
    k.cylinder((0, y - 0.1, z - r - 0.01), r, 0.04, m.STEEL, top=r * 0.5, segments=16)
    if a.on:
        for i in range(7):
            px = (i % 3 - 1) * r * 0.6
            pz = z - r + (i // 3 - 1) * r * 0.5
            k.cylinder((px, -y, pz), 0.004, s[1] - 0.1, Paint((0.66, 0.84, 0.95), glow=0.6), segments=4)


def toilet(k: Sketch, s: Size, a: Appearance) -> None:
    """A bowl with seat, a cistern at −z; the lid stands up when open."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    white = m.PORCELAIN
    # the recorded box of a toilet is much wider than the bowl: keep its proportions
    half = min(x, 0.24)
    tank = min(0.2, 0.25 * s[2])
    seat = -y + min(0.44, 0.45 * s[1])
    k.box((-half * 0.95, seat - 0.05, -z), (half * 0.95, min(y, seat + 0.42), -z + tank), white)
    k.box((-half, min(y, seat + 0.42) - 0.03, -z), (half, min(y, seat + 0.42), -z + tank + 0.015), tint(white, 0.95))
    k.cylinder((half * 0.5, min(y, seat + 0.42), -z + tank * 0.5), 0.02, 0.01, m.STEEL)
    front = min(z, -z + tank + 0.62)
    mid, reach = (-z + tank + front) / 2, (front + z - tank) / 2
    k.cylinder((0, -y, mid - 0.1), 0.62, 0.3, white, top=0.72, segments=16, stretch=(half, reach))
    bowl = [(0.0, -0.2), (0.6, -0.18), (0.98, 0.0), (0.72, 0.0), (0.5, -0.12), (0.0, -0.15)]
    k.lathe(bowl, white, at=(0, seat - 0.025, mid), segments=20, stretch=(half, reach))
    k.lathe(
        [(1.0, 0.0), (1.0, 0.025), (0.66, 0.025), (0.66, 0.0), (1.0, 0.0)],
        tint(white, 0.96),
        at=(0, seat - 0.025, mid),
        segments=20,
        stretch=(half, reach),
    )
    k.cylinder((0, seat - 0.14, mid), 0.55, 0.01, m.LIQUIDS["water"], segments=16, stretch=(half, reach))
    k.turn(-96 * a.openness, (0, seat, -z + tank), axis="x")
    k.cylinder((0, seat, mid), 1.0, 0.02, tint(white, 1.0), segments=20, stretch=(half, reach))
    k.turn(0)


def pane(k: Sketch, s: Size, a: Appearance) -> None:
    """Shower glass: clear, so only its frame and a few glints are there to see. A door swings open."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    across = s[0] >= s[2]
    length, thick = (x, z) if across else (z, x)
    thick = min(thick, 0.025)

    def bar(u0: float, u1: float, y0: float, y1: float, t: float, paint: Paint) -> None:
        if across:
            k.box((u0, y0, -t), (u1, y1, t), paint)
        else:
            k.box((-t, y0, u0), (t, y1, u1), paint)

    if a.openness > 0:
        k.turn(-90 * a.openness, (-x, 0, 0) if across else (0, 0, -z))
    rail = 0.025
    bar(-length, -length + rail, -y, y, thick, m.STEEL)
    bar(length - rail, length, -y, y, thick, m.STEEL)
    bar(-length, length, y - rail, y, thick, m.STEEL)
    bar(-length, length, -y, -y + rail, thick, m.STEEL)
    for u, y0, y1 in ((-0.4, 0.1, 0.6), (-0.33, -0.2, 0.75), (0.3, -0.6, 0.0)):
        bar(u * length, u * length + 0.006, y0 * y, y1 * y, 0.001, Paint((0.85, 0.93, 0.96), m.Pattern.GLASS))
    if a.openness > 0:
        k.turn(0)
    if a.broken:
        for i in range(8):
            bar((-0.9 + 0.22 * i) * length, (-0.8 + 0.22 * i) * length, -y, -y + 0.01, 0.05, m.GLASS)


def curtain(k: Sketch, s: Size, a: Appearance) -> None:
    """Pleated cloth on a rod: gathered to the sides when open."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    cloth = pick((m.CREAM_FABRIC, m.BROWN_FABRIC, m.BLUE_FABRIC, m.RED_FABRIC, m.GREY_FABRIC), a.seed)
    across = s[0] >= s[2]
    length, thick = (x, z) if across else (z, x)
    if across:
        k.tube([(-x, y - 0.02, 0), (x, y - 0.02, 0)], 0.015, m.DARK_STEEL)
    else:
        k.tube([(0, y - 0.02, -z), (0, y - 0.02, z)], 0.015, m.DARK_STEEL)
    pleats = max(4, int(length * 2 / 0.12))
    wide = thick * 0.8
    window = s[1] > 0.6 and length > 0.5 and a.openness < 0.5 and a.box_openness < 0.5
    for i in range(pleats):
        u = -length + (i + 0.5) * 2 * length / pleats
        if window and abs(u) < 0.45 * length:
            continue  # window curtains hang at both sides
        half = length / pleats
        paint = tint(cloth, 0.86 + 0.16 * (i % 2))
        shift = 0.25 * wide * (1 if i % 2 else -1)
        if across:
            k.cylinder((u, -y, shift), 1.0, s[1] - 0.03, paint, segments=8, stretch=(half * 1.1, wide * 0.7))
        else:
            k.cylinder((shift, -y, u), 1.0, s[1] - 0.03, paint, segments=8, stretch=(wide * 0.7, half * 1.1))


def towel(k: Sketch, s: Size, a: Appearance) -> None:
    """Cloth folded over a rod, with a stripe."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    cloth = pick((m.WHITE_FABRIC, m.BLUE_FABRIC, m.RED_FABRIC, m.GREEN_FABRIC), a.seed)
    k.cushion((-x, -y, -z), (x, y, z), cloth, roundness=0.12)
    k.box((-x * 1.0, -y + 0.12 * s[1], -z), (x, -y + 0.18 * s[1], z), tint(cloth, 0.7))


def towel_holder(k: Sketch, s: Size, a: Appearance) -> None:
    """A rod between two brackets, or a ring if it is small."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    r = max(0.005, min(0.012, y * 0.6))
    if s[1] > 0.1:  # ring
        k.cylinder((0, y - 0.03, -z), 0.025, s[2] * 0.6, m.STEEL, axis="z")
        k.lathe(
            [(1.0, -r), (1.0, r), (0.86, r), (0.86, -r), (1.0, -r)],
            m.STEEL,
            at=(0, -0.1 * s[1], 0),
            axis="z",
            stretch=(y * 0.85, x),
            segments=18,
        )
        return
    k.tube([(-x, 0, z - r), (x, 0, z - r)], r, m.STEEL)
    for sx in (-1, 1):
        k.box((sx * x, -y, -z), (sx * (x - 0.03), y, z), m.STEEL)


def paper_roll(k: Sketch, s: Size, a: Appearance) -> None:
    """A roll of paper about a cardboard tube; used up, the bare tube."""
    x, z = s[0] / 2, s[2] / 2
    axis = max(range(3), key=lambda i: s[i])
    others = [(1, 2), (2, 0), (0, 1)][axis]
    u, v = s[others[0]] / 2, s[others[1]] / 2
    long = s[axis]
    name = "xyz"[axis]
    stretch = {"x": (v, u), "y": (x, z), "z": (v, u)}[name]
    base = [0.0, 0.0, 0.0]
    base[axis] = -long / 2
    at = (base[0], base[1], base[2])
    outer = 0.42 if a.used_up else 1.0
    paint = m.CARDBOARD if a.used_up else m.PAPER
    k.lathe(
        [(outer, 0), (outer, long), (0.36, long), (0.36, 0), (outer, 0)],
        paint,
        at=at,
        axis=name,
        segments=16,
        stretch=stretch,
    )
    if not a.used_up:
        e = long * 0.002
        k.lathe(
            [(0.42, -e), (0.42, long + e), (0.34, long + e), (0.34, -e), (0.42, -e)],
            m.CARDBOARD,
            at=at,
            axis=name,
            segments=12,
            stretch=stretch,
        )


def paper_hanger(k: Sketch, s: Size, a: Appearance) -> None:
    """A bracket with a rod for a roll."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.box((-x, -y * 0.4, -z), (x, y, -z + 0.012), m.STEEL)
    k.box((-x, -y, -z), (-x + 0.012, y * 0.5, z), m.STEEL)
    k.tube([(-x, -y * 0.3, z * 0.5), (x, -y * 0.3, z * 0.5)], 0.008, m.STEEL)


def soap_bar(k: Sketch, s: Size, a: Appearance) -> None:
    """A rounded bar."""
    k.cushion(
        (-s[0] / 2, -s[1] / 2, -s[2] / 2),
        (s[0] / 2, s[1] / 2, s[2] / 2),
        pick((Paint((0.93, 0.87, 0.72)), Paint((0.72, 0.86, 0.74)), m.PINK), a.seed),
        roundness=0.45,
    )


def pump_bottle(k: Sketch, s: Size, a: Appearance) -> None:
    """A bottle with a pump."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    body = pick((Paint((0.85, 0.55, 0.62)), m.TEAL, m.ORANGE, m.WHITE), a.seed)
    if a.used_up:
        body = m.GLASS
    r = 1.0
    h = s[1]
    k.lathe(
        [
            (0, -y),
            (r * 0.85, -y),
            (r, -y + 0.04 * h),
            (r, 0.12 * h),
            (r * 0.35, 0.24 * h),
            (r * 0.35, 0.3 * h),
            (0, 0.3 * h),
        ],
        body,
        segments=14,
        stretch=(x * 0.92, z * 0.92),
    )
    k.lathe(
        [(r * 0.93, -y + 0.2 * h), (r * 1.02, -y + 0.2 * h), (r * 1.02, 0.0), (r * 0.93, 0.0)],
        m.PAPER,
        segments=14,
        stretch=(x * 0.92, z * 0.92),
    )
    k.cylinder((0, 0.3 * h, 0), 0.008, 0.15 * h, m.STEEL)
    k.box((-0.012, y - 0.05 * h, -0.012), (0.012, y, z), m.STEEL)


def spray_bottle(k: Sketch, s: Size, a: Appearance) -> None:
    """A bottle with a trigger head."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    h = s[1]
    wide, long = min(x, z), max(x, z)
    body = m.GLASS if a.used_up else pick((Paint((0.35, 0.6, 0.9)), Paint((0.45, 0.78, 0.5)), m.ORANGE), a.seed)
    k.lathe(
        [(0, -y), (1, -y), (1, 0.0), (0.4, 0.2 * h), (0.4, 0.28 * h), (0, 0.28 * h)],
        body,
        segments=12,
        stretch=(wide, wide),
    )
    if z >= x:
        k.box((-0.3 * wide, 0.28 * h, -0.4 * long), (0.3 * wide, y, long), m.WHITE)
        k.box((-0.15 * wide, 0.14 * h, 0.4 * long), (0.15 * wide, 0.3 * h, 0.55 * long), m.RED)
    else:
        k.box((-0.4 * long, 0.28 * h, -0.3 * wide), (long, y, 0.3 * wide), m.WHITE)
        k.box((0.4 * long, 0.14 * h, -0.15 * wide), (0.55 * long, 0.3 * h, 0.15 * wide), m.RED)


def plunger(k: Sketch, s: Size, a: Appearance) -> None:
    """A rubber cup on a stick."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.lathe(
        [(1, -y), (0.9, -y + 0.08), (0.3, -y + 0.13), (0, -y + 0.13), (0.85, -y + 0.0), (1, -y)],
        Paint((0.6, 0.2, 0.14)),
        segments=16,
        stretch=(x, z),
        sharp=0.9,
    )
    k.cylinder((0, -y + 0.12, 0), 0.012, s[1] - 0.12, m.PINE, segments=8)


def scrub_brush(k: Sketch, s: Size, a: Appearance) -> None:
    """A toilet brush in its stand."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    k.lathe(
        [(0, -y), (1, -y), (0.8, -y + 0.16), (0.7, -y + 0.16), (0.7, -y + 0.02), (0, -y + 0.02)],
        m.WHITE,
        segments=14,
        stretch=(x, z),
    )
    k.cylinder((0, -y + 0.04, 0), 0.035, 0.14, m.BLUE, segments=10)
    k.cylinder((0, -y + 0.15, 0), 0.01, s[1] - 0.15, m.WHITE, segments=8)


SHAPES = {
    "Bathtub": bathtub,
    "BathtubBasin": basin,
    "Curtains": curtain,
    "Faucet": faucet,
    "HandTowel": towel,
    "HandTowelHolder": towel_holder,
    "PaperTowelRoll": paper_roll,
    "Plunger": plunger,
    "ScrubBrush": scrub_brush,
    "ShowerCurtain": curtain,
    "ShowerDoor": pane,
    "ShowerGlass": pane,
    "ShowerHead": shower_head,
    "Sink": sink,
    "SinkBasin": basin,
    "SoapBar": soap_bar,
    "SoapBottle": pump_bottle,
    "SprayBottle": spray_bottle,
    "Toilet": toilet,
    "ToiletPaper": paper_roll,
    "ToiletPaperHanger": paper_hanger,
    "Towel": towel,
    "TowelHolder": towel_holder,
}
"""Builder of each object type."""
