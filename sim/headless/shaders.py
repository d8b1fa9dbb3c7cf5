"""The shader programs of `render`, in GLSL 3.30.

Light is computed at the vertices; a fragment adds the shadow of one lamp overhead and the surface's pattern, both
looked up in textures: whatever is computed for each fragment costs a software renderer dearly.
"""

import numpy as np

from sim.headless.materials import Pattern
from sim.headless.textures import BRIGHTEST, DIRT_LAYER

__all__ = ["FACING", "FRAME", "LAMP", "SHADOW_FRAGMENT", "SHADOW_VERTEX", "SKY_FRAGMENT", "SKY_VERTEX", "scene_shaders"]


def scene_shaders(*, patterned: bool, shadowed: bool) -> tuple[str, str]:
    """Source of the vertex and the fragment shader of surfaces of one kind.

    A software renderer pays for a texture's lookup at each fragment, also where its value is not used; so there is a
    program for each kind of surface, with the lookups that this kind needs.

    Args:
        patterned: Whether the surface has a pattern.
        shadowed: Whether it is turned towards the lamp, so that shadows may fall on it.
    """
    defines = {
        "DIRT": DIRT_LAYER,
        "BRIGHTEST": BRIGHTEST,
        "METAL": int(Pattern.METAL),
        "GLASS": int(Pattern.GLASS),
        "FACING": FACING,
        "LAMP": "vec3" + str(LAMP),
        "PATTERNED": int(patterned),
        "SHADOWED": int(shadowed),
    }
    head = "#version 330\n" + "".join(f"#define {name} {value}\n" for name, value in defines.items())
    return head + _VERTEX, head + _FRAGMENT


LAMP = (0.18, 0.97, -0.15)
"""Direction towards the lamp that throws shadows."""

FACING = 0.2
"""Cosine between a surface's normal and the lamp's direction from which on shadows are drawn on it."""

_FRAME = """
layout(std140) uniform Frame {  // as `FRAME` lays it out
    mat4 u_clip;
    mat4 u_shadow;   // world to the shadow map's [0, 1]³
    vec4 u_depth;    // plane equation of the distance along the optical axis
    vec3 u_eye;
    float u_floor;   // height on which the room stands
    vec3 u_sky;      // colour where nothing is
    float u_far;     // depth there
};
"""

FRAME = np.dtype(
    [("clip", "<f4", 16), ("shadow", "<f4", 16), ("depth", "<f4", 4), ("eye", "<f4", 3), ("floor", "<f4"),
     ("sky", "<f4", 3), ("far", "<f4")]
)  # fmt: skip
"""What is the same for all that a frame draws; matrices by columns."""

_VERTEX = (
    _FRAME
    + """
uniform float u_repeats[DIRT + 1];  // of each layer, a metre
in vec3 in_position;
in vec4 in_normal;       // offset by 128; w is the pattern
in vec4 in_color;        // w is the glow
in int in_id;
invariant gl_Position;   // what different programs draw must meet without cracks
out vec3 v_color;
out float v_depth;
flat out int v_id;
#if PATTERNED
out vec3 v_place;        // where in which layer
#endif
#if SHADOWED
out vec2 v_light;        // ambient, lamp
out vec3 v_shadow;
#endif

void main() {
    vec4 position = vec4(in_position, 1.0);
    gl_Position = u_clip * position;
    v_depth = dot(u_depth, position);
    vec3 normal = in_normal.xyz * (255.0 / 127.0) - (128.0 / 127.0);
    float height = in_position.y - u_floor;
    float ambient = 0.67 + 0.02 * normal.y + 0.05 * normal.x - 0.03 * normal.z;
    ambient *= mix(0.86, 1.0, clamp(height / 1.2, 0.0, 1.0));
    ambient += 0.27 * clamp(-normal.y, 0.0, 1.0) * smoothstep(2.0, 2.4, height);  // ceilings catch light from below
    // sides get a little of the lamp's light everywhere; what is turned towards it gets the rest, but for shadows
    float towards = max(dot(normal, LAMP), 0.0);
    ambient += 0.2 * min(towards, FACING);
    float lamp = 0.32 / (1.0 - FACING) * max(towards - FACING, 0.0);
    int pattern = int(in_normal.w * 255.0 + 0.5);
    int kind = pattern & 127;
    if (kind == METAL || kind == GLASS) {  // metal and glass shine where they mirror the lamp
        vec3 halfway = normalize(normalize(u_eye - in_position) + LAMP);
        float shine = max(dot(normal, halfway), 0.0);
        shine *= shine * shine;
        shine *= shine;
        lamp += 0.5 * shine * shine;
    }
    vec2 light = mix(vec2(ambient, lamp), vec2(1.0, 0.0), in_color.w);
    v_color = in_color.rgb;
    v_id = in_id;
#if PATTERNED
    vec3 side = abs(normal);
    vec2 along = side.y > max(side.x, side.z) ? in_position.xz : side.x > side.z ? in_position.zy : in_position.xy;
    int layer = pattern > 127 ? DIRT : kind;
    v_place = vec3(along * u_repeats[layer], float(layer));
    v_color *= BRIGHTEST;
#endif
#if SHADOWED
    v_light = light;
    v_shadow = (u_shadow * vec4(in_position + 0.02 * normal, 1.0)).xyz;
#else
    v_color *= light.x + light.y;
#endif
}
"""
)

_FRAGMENT = """
uniform sampler2DShadow u_map;
uniform sampler2DArray u_layers;
in vec3 v_color;
in float v_depth;
flat in int v_id;
#if PATTERNED
in vec3 v_place;
#endif
#if SHADOWED
in vec2 v_light;
in vec3 v_shadow;
#endif
layout(location = 0) out vec4 o_color;
layout(location = 1) out float o_depth;
layout(location = 2) out int o_id;

void main() {
    vec3 color = v_color;
#if PATTERNED
    color *= texture(u_layers, v_place).rgb;
#endif
#if SHADOWED
    color *= v_light.x + v_light.y * texture(u_map, v_shadow);
#endif
    o_color = vec4(color, 1.0);
    o_depth = v_depth;
    o_id = v_id;
}
"""

SKY_VERTEX = """
#version 330
void main() {  // one triangle over the whole image, as far away as can be
    gl_Position = vec4(gl_VertexID == 2 ? 3.0 : -1.0, gl_VertexID == 1 ? 3.0 : -1.0, 1.0, 1.0);
}
"""

SKY_FRAGMENT = "#version 330" + _FRAME
SKY_FRAGMENT += """
layout(location = 0) out vec4 o_color;
layout(location = 1) out float o_depth;
layout(location = 2) out int o_id;
void main() {
    o_color = vec4(u_sky, 1.0);
    o_depth = u_far;
    o_id = 0;
}
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 u_clip;
in vec3 in_position;
void main() {
    gl_Position = u_clip * vec4(in_position, 1.0);
}
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""
