"""English words that questions about household things are made of: states, kinds, purposes, places and fillers."""

from __future__ import annotations

import re

__all__ = [
    "CATEGORY_WORDS",
    "FILLER",
    "GENERIC",
    "NUMBERS",
    "PREDICATES",
    "PREPOSITIONS",
    "PURPOSES",
    "STATE_WORDS",
    "UNIT_SECONDS",
    "VAGUE_CATEGORIES",
]


def _table(text: str) -> dict[str, str]:
    """Lines of ``meaning: word, word …`` as word → meaning."""
    lines = (line.split(":", 1) for line in text.strip().splitlines())
    return {word.strip(): meaning.strip() for meaning, words in lines for word in words.split(",")}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STATE_WORDS = _table(
    """
    clean: clean, cleaned, washed, rinsed, spotless, unused
    dirty: dirty, used, unwashed, soiled, stained, filthy, messy
    open: open, opened, ajar
    closed: closed, shut
    hot: hot, warm, heated, warmed
    cold: cold, cool, cooled, chilled, chilly, refrigerated
    filled: filled, full
    empty: empty, emptied
    sliced: sliced, chopped, cut
    cooked: cooked, fried, roasted, toasted, baked
    broken: broken, shattered, cracked, smashed
    on: lit, glowing
    off: unlit
    """
)
"""Adjectives for states."""

PREDICATES = {"running": "on", "dark": "off"}
"""Words that tell a state only of what is said to be so: "the computer that is running", but not "running shoes"."""

CATEGORY_WORDS = {
    word: frozenset(kinds.split("|"))
    for word, kinds in _table(
        """
        dishes: crockery, dishware
        cutlery: silverware, flatware, eating utensil
        cutlery|kitchen tool: utensil
        drinkware: drinking vessel, drinking glass
        food: groceries, edible, foodstuff, snack
        vegetable: veggie
        electronics: gadget, device, electronic device
        clothing: garment, clothes
        sports: sports equipment, sport equipment, sports gear
        seating: seat
        seasoning: spice
        condiment|seasoning: condiment
        writing: writing implement, writing utensil, writing tool
        reading: reading material, reading matter
        valuables: valuable
        lighting: light source
        art: work of art
        decoration: ornament
        """
    ).items()
}
"""Words for kinds of things, beside the names of the ontology's categories themselves."""

VAGUE_CATEGORIES = _words(
    "container fixture structure tool personal paper clock knife table music plant writing reading pet"
)
"""Categories whose name is also said of other things or deeds, so that the word alone does not mean the kind."""

PURPOSES: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), frozenset(kinds.split("|")))
    for pattern, kinds in (
        (r"read(?:ing)?(?! by)", "reading"),
        (r"(?:writ(?:e|ing)|draw(?:ing)?|sketch(?:ing)?|sign(?:ing)?|scribbl(?:e|ing))", "writing"),
        (r"(?:cut|cutting|slic(?:e|ing)|chop|chopping|carv(?:e|ing))", "cuts"),
        (r"(?:drink(?:ing)?|sip)\b.*\b(?:from|out of|in)", "drinkware"),
        (r"(?:drink(?:ing)?)", "drink|drinkware"),
        (r"eat(?:ing)?\b.*\bwith", "cutlery"),
        (r"eat(?:ing)?\b.*\b(?:from|off|on)", "dishes"),
        (r"eat(?:ing)?", "food"),
        (r"(?:cook(?:ing)?|fry(?:ing)?|boil(?:ing)?|simmer(?:ing)?)\b.*\b(?:in|with)", "cookware"),
        (r"(?:sit|sitting)", "seating"),
        (r"(?:sleep(?:ing)?|nap)", "bedding"),
        (r"wear(?:ing)?", "clothing|footwear|personal"),
        (r"(?:pay|paying)", "valuables"),
        (r"place .*\bwash(?:ing)?|where .*\bwash(?:ing)?|wash(?:ing)?\b.*\bin", "washes"),
        (r"(?:scrub(?:bing)?|wip(?:e|ing)|wash(?:ing)?|clean(?:ing)?)", "cleaning|hygiene"),
        (r"dry(?:ing)?", "textile"),
        (r"season(?:ing)?", "seasoning"),
        (r"(?:light up|giv(?:es?|ing) light|illuminate|see in the dark)", "lighting"),
        (r"(?:heat(?:ing)?|warm(?:ing)?|reheat(?:ing)?)", "heats"),
        (r"(?:chill(?:ing)?|cool(?:ing)?|keeps?\b.*\b(?:cold|cool|fresh))", "cools"),
        (r"(?:throw|dispose|discard)", "waste"),
        (r"(?:exercise|work out|train my)", "sports"),
    )
)
"""What a thing is for, as it is said → the ontology's categories or affordances that serve it; the first that fits."""

FILLER = _words(
    """
    a an the my your our his her their its this that these those some any all every each one ones of other piece bit
    is are was were be been being it i we you me us there here where what which who find get fetch bring give show
    locate search look see saw seen remember please can could do did does have has had just now currently also still
    again earlier previously before recently lately last latest most newest recent same right left over and or
    lies lie lying lay stands stand standing sits sitting placed put located kept found remains
    """
)
"""Words that say nothing about which thing is meant."""

GENERIC = _words("something anything thing things stuff object objects item items everything whatever place somewhere")
"""Words that stand for any object."""

PREPOSITIONS = _table(
    """
    on: on top of, onto, upon, on
    in: inside of, inside, within, out of, into, in
    near: next to, close to, in front of, near, beside, by, around
    at: from, at
    """
)
"""Prepositions → the relation that they tell."""

NUMBERS = {"a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "six": 6.0}
NUMBERS |= {"ten": 10.0, "fifteen": 15.0, "twenty": 20.0, "thirty": 30.0, "few": 3.0, "half an": 0.5}
"""Number words."""

UNIT_SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0}
"""Units of time in seconds."""
