"""The shader programs of `render`, in GLSL 3.30.

Light is computed at the vertices; a fragment adds the shadow of one lamp overhead and the surface's pattern, both
looked up in textures: whatever is computed for each fragment costs a software renderer dearly.
"""

from sim.headless.materials import Pattern
from sim.headless.textures import BRIGHTEST, DIRT_LAYER

__all__ = ["SCENE_FRAGMENT", "SCENE_VERTEX", "SHADOW_FRAGMENT", "SHADOW_VERTEX"]

SCENE_VERTEX = f"""
#version 330
#define DIRT {DIRT_LAYER}
#define BRIGHTEST {BRIGHTEST}
#define METAL {int(Pattern.METAL)}
#define GLASS {int(Pattern.GLASS)}
"""
SCENE_VERTEX += """
uniform mat4 u_clip;
uniform mat4 u_shadow;   // world to the shadow map's [0, 1]³
uniform vec4 u_depth;    // plane equation of the distance along the optical axis
uniform vec3 u_eye;
uniform float u_floor;
uniform float u_repeats[DIRT + 1];  // of each layer, a metre
in vec3 in_position;
in vec4 in_normal;       // offset by 128; w is the pattern
in vec4 in_color;        // w is the glow
in int in_id;
out vec3 v_color;
out vec2 v_light;        // ambient, lamp
out vec3 v_place;        // where in which layer
out vec3 v_shadow;
out float v_depth;
flat out int v_id;

const vec3 LAMP = vec3(0.18, 0.97, -0.15);

void main() {
    vec4 position = vec4(in_position, 1.0);
    gl_Position = u_clip * position;
    v_depth = dot(u_depth, position);
    vec3 normal = in_normal.xyz * (255.0 / 127.0) - (128.0 / 127.0);
    float height = in_position.y - u_floor;
    float ambient = 0.67 + 0.02 * normal.y + 0.05 * normal.x - 0.03 * normal.z;
    ambient *= mix(0.86, 1.0, clamp(height / 1.2, 0.0, 1.0));
    ambient += 0.27 * clamp(-normal.y, 0.0, 1.0) * smoothstep(2.0, 2.4, height);  // ceilings catch light from below
    float lamp = 0.36 * max(dot(normal, LAMP), 0.0);
    int pattern = int(in_normal.w * 255.0 + 0.5);
    int kind = pattern & 127;
    if (kind == METAL || kind == GLASS) {  // metal and glass shine where they mirror the lamp
        vec3 halfway = normalize(normalize(u_eye - in_position) + LAMP);
        float shine = max(dot(normal, halfway), 0.0);
        shine *= shine * shine;
        shine *= shine;
        lamp += 0.5 * shine * shine;
    }
    v_light = mix(vec2(ambient, lamp), vec2(1.0, 0.0), in_color.w);
    vec3 side = abs(normal);
    vec2 along = side.y > max(side.x, side.z) ? in_position.xz : side.x > side.z ? in_position.zy : in_position.xy;
    int layer = pattern > 127 ? DIRT : kind;
    v_place = vec3(along * u_repeats[layer], float(layer));
    v_shadow = (u_shadow * vec4(in_position + 0.02 * normal, 1.0)).xyz;
    v_color = in_color.rgb * BRIGHTEST;
    v_id = in_id;
}
"""

SCENE_FRAGMENT = """
#version 330
uniform sampler2DShadow u_map;
uniform sampler2DArray u_layers;
in vec3 v_color;
in vec2 v_light;
in vec3 v_place;
in vec3 v_shadow;
in float v_depth;
flat in int v_id;
layout(location = 0) out vec4 o_color;
layout(location = 1) out float o_depth;
layout(location = 2) out int o_id;

void main() {
    float lit = v_light.y > 0.001 ? texture(u_map, v_shadow) : 0.0;
    vec3 color = v_color * texture(u_layers, v_place).rgb;
    o_color = vec4(color * (v_light.x + v_light.y * lit), 1.0);
    o_depth = v_depth;
    o_id = v_id;
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
