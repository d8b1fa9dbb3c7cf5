"""Things with doors, lids and drawers, hollow inside. Fronts face +z; the box is that of the closed thing."""

from __future__ import annotations

from sim.headless import materials as m
from sim.headless.materials import Paint, pick, tint
from sim.headless.shapes.appearance import Appearance, Size
from sim.headless.shapes.carving import carve
from sim.headless.shapes.mesh import Sketch

__all__ = ["DRAWER_TRAVEL", "SHAPES"]

DRAWER_TRAVEL = 0.8
"""How far a drawer comes out, as a fraction of its depth."""

_SWING = 105.0
"""How far a door turns, degrees."""


def _door(
    k: Sketch, x: tuple[float, float], y: tuple[float, float], z: tuple[float, float], paint: Paint, openness: float,
    *, hinge_low: bool, handle: Paint, panel: bool = True, inside: Paint | None = None,
) -> None:  # fmt: skip
    """A door in the front plane, hinged at its lower or upper x side."""
    pivot = x[0] if hinge_low else x[1]
    swing = _SWING * openness
    k.turn(-swing if hinge_low else swing, (pivot, 0, z[0]))
    k.box((x[0], y[0], z[0]), (x[1], y[1], z[1]), paint)
    if inside is not None:
        k.box((x[0] + 0.03, y[0] + 0.03, z[0] - 0.02), (x[1] - 0.03, y[1] - 0.03, z[0]), inside)
    wide, high = x[1] - x[0], y[1] - y[0]
    edge = min(0.06, 0.18 * wide, 0.18 * high)
    if panel:  # a raised frame
        e = 0.006
        for a, b in (
            ((x[0], y[0]), (x[0] + edge, y[1])),
            ((x[1] - edge, y[0]), (x[1], y[1])),
            ((x[0] + edge, y[0]), (x[1] - edge, y[0] + edge)),
            ((x[0] + edge, y[1] - edge), (x[1] - edge, y[1])),
        ):
            k.box((*a, z[1]), (*b, z[1] + e), tint(paint, 1.04))
    grip = x[1] - edge / 2 - 0.01 if hinge_low else x[0] + edge / 2 + 0.01
    middle = (y[0] + y[1]) / 2
    long = min(0.06, high * 0.15)
    k.box((grip - 0.007, middle - long, z[1] + 0.004), (grip + 0.007, middle + long, z[1] + 0.026), handle)
    k.turn(0)


def cabinet(k: Sketch, s: Size, a: Appearance) -> None:
    """A hollow cupboard with one door, or two if it is wide."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.WHITE_WOOD, m.WHITE_WOOD, m.OAK, m.WALNUT), a.seed)
    depth = min(0.02, s[2] * 0.4)
    lip = 0.012  # handle and frame stay within the box
    front = z - lip - depth
    if s[2] > 0.08:
        if a.cavities:  # below a sink
            inside = (-x + 0.012, -y + 0.012, -z + 0.012, x - 0.012, y - 0.012, front + 0.01)
            carve(k, (-x, -y, -z), (x, y, front), (inside, *a.cavities), paint)
        else:
            k.shell((-x, -y, -z), (x, y, front), 0.012, paint, open_side="+z", inside=tint(paint, 0.86))
        if s[1] > 0.45 and not a.cavities:  # a board at half height, at the back only: what stands below stays in sight
            k.box((-x + 0.013, -0.012, -z + 0.013), (x - 0.013, 0, 0.2 * z), tint(paint, 0.9))
    handle = pick((m.DARK_STEEL, m.BRASS), a.seed)
    if s[0] > 0.62:
        _door(k, (-x, -0.002), (-y, y), (front, z - lip), paint, a.openness, hinge_low=True, handle=handle)
        _door(k, (0.002, x), (-y, y), (front, z - lip), paint, a.openness, hinge_low=False, handle=handle)
    else:
        _door(k, (-x, x), (-y, y), (front, z - lip), paint, a.openness, hinge_low=a.seed % 2 == 0, handle=handle)


def drawer(k: Sketch, s: Size, a: Appearance) -> None:
    """A tray that slides out of its case."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.WHITE_WOOD, m.WHITE_WOOD, m.OAK, m.WALNUT), a.seed)
    inner = tint(m.PINE, 0.95)
    depth = min(0.02, s[2] * 0.2)
    slide = DRAWER_TRAVEL * s[2] * a.openness
    front = z - 0.012 - depth
    # what stays: a case about the closed tray, so that it hides its contents
    k.box((-x, y - 0.006, -z), (x, y, front), paint)
    for side in (-1, 1):
        k.box((side * x, -y, -z), (side * (x - 0.005), y - 0.006, front), paint)
    tray = min(y - 0.012, -y + 0.72 * s[1])
    k.shell((-x + 0.01, -y, -z + 0.01 + slide), (x - 0.01, tray, front + slide), 0.01, inner, open_side="+y")
    k.box((-x, -y, front + slide), (x, y, front + depth + slide), paint)
    e = min(0.02, s[1] * 0.15)
    k.box((-x + e, -y + e, front + depth + slide), (x - e, y - e, front + depth + 0.004 + slide), tint(paint, 1.05))
    grip = min(0.07, 0.25 * s[0])
    k.box((-grip, -0.006, front + depth + slide), (grip, 0.006, z + slide), pick((m.DARK_STEEL, m.BRASS), a.seed))


def fridge(k: Sketch, s: Size, a: Appearance) -> None:
    """A body with shelves and a freezer door above a tall door, both swinging."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.WHITE, m.STEEL, m.WHITE, Paint((0.86, 0.86, 0.83))), a.seed)
    lining = Paint((0.93, 0.95, 0.97), glow=0.25 if a.openness > 0.05 else 0.0)
    door = min(0.07, 0.12 * s[2])
    front = z - door - 0.03
    k.box((-x, -y, -z), (x, -y + 0.05, front), m.CHARCOAL)
    heights = [y - share * s[1] for share in (0.26, 0.3, 0.22, 0.34, 0.18, 0.38, 0.14)]
    # the floor of the freezer goes through nothing that was recorded in the fridge
    clear = [h for h in heights if not any(c[1] - 0.04 < h < c[4] + 0.04 for c in a.cavities)]
    split = (clear or heights)[0]
    k.shell((-x, -y + 0.05, -z), (x, split, front), 0.035, paint, open_side="+z", inside=lining)
    k.shell((-x, split, -z), (x, y, front), 0.035, paint, open_side="+z", inside=lining)
    rack = Paint((0.75, 0.78, 0.8), glow=0.2)
    for fraction in (0.3, 0.45, 0.62):  # wire racks: what lies on or between them stays in sight
        level = -y + fraction * s[1]
        for depth in (-z + 0.04, front - 0.07):
            k.box((-x + 0.036, level - 0.006, depth), (x - 0.036, level, depth + 0.008), rack)
        for j in range(7):
            bar = (-0.84 + 0.28 * j) * (x - 0.03)
            k.box((bar - 0.003, level - 0.004, -z + 0.04), (bar + 0.003, level, front - 0.065), rack)
    grip = m.STEEL
    low = a.seed % 2 == 0
    for lo, hi in ((-y + 0.05, split - 0.006), (split + 0.006, y)):
        _door(
            k,
            (-x, x),
            (lo, hi),
            (front, z - 0.03),
            paint,
            a.openness,
            hinge_low=low,
            handle=grip,
            panel=False,
            inside=lining,
        )
        pivot, reach = (-x, x - 0.05) if low else (x, -x + 0.05)
        k.turn(-_SWING * a.openness if low else _SWING * a.openness, (pivot, 0, front))
        centre = (lo + hi) / 2
        half = 0.3 * (hi - lo)
        k.box((reach - 0.012, centre - half, z - 0.03), (reach + 0.012, centre + half, z), grip)
        k.turn(0)


def microwave(k: Sketch, s: Size, a: Appearance) -> None:
    """A hollow oven, window door on the left of the viewer, keys on the right; lit while running."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    paint = pick((m.STEEL, m.CHARCOAL, m.WHITE), a.seed)
    inner = Paint((0.85, 0.82, 0.74), glow=0.8 if a.on else 0.05)
    panel = -x + 0.24 * s[0]  # the viewer stands at +z: his right is −x
    front = z - 0.03
    k.shell((panel, -y + 0.015, -z), (x, y, front), 0.025, paint, open_side="+z", inside=inner)
    k.box((-x, -y + 0.015, -z), (panel, y, z - 0.012), tint(paint, 0.9))
    for row in range(4):
        for column in range(3):
            cx = -x + 0.05 * s[0] + column * 0.06 * s[0]
            cy = -y + 0.18 * s[1] + row * 0.12 * s[1]
            k.box((cx, cy, z - 0.012), (cx + 0.045 * s[0], cy + 0.08 * s[1], z - 0.009), m.GREY)
    clock = Paint((0.3, 0.95, 0.5), glow=1.0) if a.on else Paint((0.12, 0.3, 0.2), glow=0.4)
    k.box((-x + 0.04 * s[0], y - 0.25 * s[1], z - 0.012), (-x + 0.2 * s[0], y - 0.1 * s[1], z - 0.009), clock)
    k.turn(_SWING * a.openness, (x, 0, front))
    k.box((panel, -y + 0.015, front), (x, y, z - 0.012), paint)
    window = Paint((0.95, 0.82, 0.5), glow=0.85) if a.on else m.SCREEN_OFF
    k.box((panel + 0.06, -y + 0.07, z - 0.012), (x - 0.04, y - 0.05, z - 0.008), window)
    k.box((panel + 0.012, -y + 0.06, z - 0.012), (panel + 0.032, y - 0.05, z), m.STEEL)
    k.turn(0)
    for sx in (-1, 1):
        k.box((sx * (x - 0.02), -y, -z + 0.03), (sx * (x - 0.06), -y + 0.015, z - 0.05), m.BLACK)


def safe(k: Sketch, s: Size, a: Appearance) -> None:
    """A steel box with a dial on its door."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    front = z - 0.06
    k.shell((-x, -y, -z), (x, y, front), 0.04, m.DARK_STEEL, open_side="+z", inside=m.CHARCOAL)
    k.turn(-_SWING * a.openness, (-x, 0, front))
    k.box((-x, -y, front), (x, y, z - 0.025), tint(m.DARK_STEEL, 1.15))
    k.cylinder((0.1 * s[0], 0.05 * s[1], z - 0.025), 0.06, 0.02, m.STEEL, axis="z", segments=16)
    k.box((0.3 * s[0], -0.1, z - 0.025), (0.34 * s[0], 0.08, z), m.BRASS)
    k.turn(0)


def carton(k: Sketch, s: Size, a: Appearance) -> None:
    """A cardboard box with four flaps, standing up and outwards when open."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    # the flaps of a box that was recorded open stand out of its walls: its body is smaller than its box
    rise = 0.0 if a.box_openness < 0.5 else min(0.3 * s[1], 0.12)
    bx, bz, top = x - 0.6 * rise, z - 0.6 * rise, y - rise
    paint = tint(m.CARDBOARD, 0.92 + 0.04 * (a.seed % 4))
    k.shell((-bx, -y, -bz), (bx, top, bz), 0.008, paint, open_side="+y", inside=tint(paint, 0.82))
    t = 0.006
    shut = a.openness < 0.5
    length = min(bx, bz) if shut else max(1.17 * rise, 0.05)
    lift = 125.0 * a.openness
    for side in (-1, 1):
        k.turn(side * -lift, (side * bx, top, 0), axis="z")
        k.box((side * bx, top - t, -bz), (side * (bx - length), top, bz), paint)
        k.turn(0)
        k.turn(side * lift, (0, top, side * bz), axis="x")
        k.box((-bx, top - 2 * t, side * bz), (bx, top - t, side * (bz - length)), tint(paint, 0.95))
        k.turn(0)
    if shut:
        k.box((-0.03, top - 0.001, -bz), (0.03, top + 0.001, bz), tint(paint, 1.2))


def laptop(k: Sketch, s: Size, a: Appearance) -> None:
    """A keyboard and a hinged screen, bright when on. The recorded box is that of the open laptop."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    body = pick((m.STEEL, m.CHARCOAL, m.WHITE), a.seed)
    base = 0.02
    if a.box_openness < 0.5:
        depth, lean, back = s[2], 100.0, -z
    else:
        # the open screen leans back: its height follows from the box, its foot stands forward of the box's back
        depth = min(s[2], 0.78 * s[2])
        lean, back = 110.0, -z + 0.22 * s[2]
    screen = min(depth, (s[1] - base) / 0.94) if a.box_openness >= 0.5 else depth
    k.box((-x, -y, back), (x, -y + base, z), body)
    k.box((-x + 0.03, -y + base, back + 0.05), (x - 0.03, -y + base + 0.002, z - 0.09), m.BLACK)
    k.box((-0.05, -y + base, z - 0.08), (0.05, -y + base + 0.001, z - 0.015), tint(body, 0.8))
    k.turn(-lean * a.openness, (0, -y + base, back), axis="x")
    k.box((-x, -y + base, back), (x, -y + base + 0.012, back + screen), body)
    picture = m.SCREEN_OFF
    if a.on and not a.broken:
        picture = m.SCREEN_ON
    k.box((-x + 0.015, -y + base - 0.002, back + 0.03), (x - 0.015, -y + base, back + screen - 0.015), picture)
    if a.on and not a.broken:  # windows and a task bar
        k.box(
            (-x * 0.7, -y + base - 0.004, back + 0.3 * screen),
            (x * 0.1, -y + base - 0.002, back + 0.85 * screen),
            m.WHITE.lit(0.9),
        )
        k.box(
            (-x + 0.015, -y + base - 0.004, back + 0.03), (x - 0.015, -y + base - 0.002, back + 0.05), m.NAVY.lit(0.8)
        )
    if a.broken:
        _cracks_flat(k, x * 0.8, back + 0.05, back + screen - 0.03, -y + base - 0.003)
    k.turn(0)


def _cracks_flat(k: Sketch, x: float, z0: float, z1: float, y: float) -> None:
    middle = (z0 + z1) / 2
    for dx, dz in (
        (x, z1 - middle),
        (-x, (z1 - middle) * 0.6),
        (x * 0.5, z0 - middle),
        (-x * 0.7, z0 - middle),
        (0.1 * x, z1 - middle),
    ):
        k.tube([(0, y, middle), (dx, y, middle + dz)], 0.0025, m.WHITE.lit(0.7), segments=4)


def book(k: Sketch, s: Size, a: Appearance) -> None:
    """A book lying down, its pages between two covers; opened flat it shows two white pages."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    cover = pick(m.BRIGHT, a.seed)
    t = min(0.004, s[1] * 0.12)
    if a.openness > 0.5:
        half = y * 0.5
        k.box((-x, -y, -z), (x + s[0], -y + t, z), cover)
        k.box((-x + 0.01, -y + t, -z + 0.01), (x - 0.004, -y + t + half, z - 0.01), m.PAPER)
        k.box((x + 0.004, -y + t, -z + 0.01), (x + s[0] - 0.01, -y + t + half, z - 0.01), m.PAPER)
        for i in range(5):
            level = -y + t + half
            line = -z + 0.05 + i * (s[2] - 0.1) / 5
            k.box((-x + 0.03, level, line), (x - 0.03, level + 0.0005, line + 0.006), m.GREY)
            k.box((x + 0.03, level, line), (x + s[0] - 0.03, level + 0.0005, line + 0.006), m.GREY)
        return
    k.box((-x, -y, -z), (x, -y + t, z), cover)
    k.box((-x, y - t, -z), (x, y, z), cover)
    k.box((x - t, -y, -z), (x, y, z), tint(cover, 0.8))
    k.box((-x + 0.006, -y + t, -z + 0.006), (x - t, y - t, z - 0.006), m.PAPER)
    k.box((-x * 0.6, y, z * 0.2), (x * 0.6, y + 0.0006, z * 0.55), m.PAPER)
    k.box((-x * 0.5, y, -z * 0.5), (x * 0.5, y + 0.0006, -z * 0.4), m.YELLOW)


def blinds(k: Sketch, s: Size, a: Appearance) -> None:
    """Slats rolled up under their rail; opened, as AI2-THOR has it, they hang down over the window."""
    x, y, z = s[0] / 2, s[1] / 2, s[2] / 2
    white = tint(m.OFF_WHITE, 1.05)
    k.box((-x, y - 0.05, -z), (x, y, z), white)
    drop = s[1] - 0.05
    if a.box_openness < 0.5 < a.openness:
        drop = 1.25
    count = max(3, int(drop / 0.055)) if drop > 0.4 else 3
    for i in range(count):
        level = y - 0.05 - (i + 1) * drop / count
        if s[0] >= s[2]:
            k.box((-x, level, -z * 0.8), (x, level + drop / count * 0.8, z * 0.3), tint(white, 0.94 + 0.04 * (i % 2)))
        else:
            k.box((-x * 0.8, level, -z), (x * 0.3, level + drop / count * 0.8, z), tint(white, 0.94 + 0.04 * (i % 2)))


SHAPES = {
    "Blinds": blinds,
    "Book": book,
    "Box": carton,
    "Cabinet": cabinet,
    "Drawer": drawer,
    "Fridge": fridge,
    "Laptop": laptop,
    "Microwave": microwave,
    "Safe": safe,
}
"""Builder of each object type."""
