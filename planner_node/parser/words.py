"""The words of instructions: verbs with what they mean, prepositions, determiners and states.

Nouns are not here: how people call things is the ontology's (`scene_graph.ontology`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "ADVERBS",
    "DETERMINERS",
    "DRINKS",
    "FILLERS",
    "LANDMARKS",
    "MEASURES",
    "NUMBERS",
    "ORDINALS",
    "PARTICLES",
    "PART_WORDS",
    "PREPOSITIONS",
    "PRONOUNS",
    "STATE_WORDS",
    "VERBS",
    "PhraseTable",
    "is_known",
    "phrases",
    "verb_base",
    "word_set",
]


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


class PhraseTable(dict[tuple[str, ...], str]):
    """Phrases with what they mean; `match` finds the longest that begins at a token."""

    def __init__(self, phrases: Mapping[tuple[str, ...], str]) -> None:
        super().__init__(phrases)
        self._by_first: dict[str, list[tuple[str, ...]]] = {}
        for phrase in sorted(phrases, key=len, reverse=True):
            self._by_first.setdefault(phrase[0], []).append(phrase)

    def match(self, tokens: tuple[str, ...], start: int) -> int:
        """Length of the longest phrase that `tokens` have at `start`; 0 for none."""
        if start >= len(tokens):
            return 0
        candidates = self._by_first.get(tokens[start], ())
        return next((len(p) for p in candidates if tokens[start : start + len(p)] == p), 0)


_SENSES: dict[str, str] = {
    "move": "put|place|set|lay|rest|store|stow|stick|insert|load|deposit|transfer|relocate|stash|arrange|position|"
    "leave|keep|hang|slide|tuck|put away|put back|put down|set down|lay down|place down|place back|return|replace|"
    "bring back|take back|carry|move|shift|deliver|drop off|stack|serve|sit|pop|park|hide|dump|slip|toss in|add|"
    "set aside|put aside|line up|stand|bring over|take over|restock|shelve|settle|plop|install",
    "take": "clear|clear away|fish|fish out|"
    "take|pick up|pick|grab|get|fetch|retrieve|collect|lift|lift up|take out|get out|remove|bring out|"
    "grab up|acquire|pull out|gather|gather up|obtain|seize|hold|snatch|take hold of|get hold of|pluck",
    "bring": "bring|hand|give|hand over|pass|fetch me|get me|bring me|give me|hand me",
    "wash": "wash|rinse|rinse off|rinse out|wash off|wash up|wash out|clean|clean off|clean up|clean out|scrub|"
    "soak|wet|run water over|run under water|give a wash|give a rinse|cleanse|sanitize|polish",
    "wipe": "wipe|wipe down|wipe off|dust|wipe clean",
    "cut": "shred|mince|cube|quarter|"
    "slice|slice up|cut|cut up|chop|chop up|dice|carve|halve|crack|cut apart|cut open|cut into",
    "heat": "heat|heat up|warm|warm up|microwave|reheat|re heat|nuke|zap|warm through",
    "cook": "cook|bake|roast|fry|toast|boil|grill|saute|steam|scramble",
    "cool": "cool|chill|refrigerate|cool down|cool off|chill down|freeze|make cold",
    "toggle_on": "turn on|switch on|power on|start|activate|light|light up|illuminate|run|power up|click on|"
    "flip on|ignite|fire up|flick on",
    "toggle_off": "turn off|switch off|power off|stop|deactivate|shut off|extinguish|blow out|put out|power down|"
    "shut down|flip off|click off|flick off|douse|kill",
    "repeat": "repeat",
    "toggle": "turn|switch|power|toggle|flip|flick",
    "open": "open|open up|unlock|uncover|crack open",
    "close": "close|shut|close up|close off",
    "examine": "examine|inspect|look at|view|see|check|check out|read|study|observe|look over|look closely at|"
    "take a look at|have a look at|investigate|analyze|scan|admire|watch|shine light on|shine a light on|"
    "get a better look at|show|get a closer look at|look",
    "fill": "fill|fill up|refill|top up",
    "brew": "brew|make|prepare",
    "pour": "pour",
    "empty": "empty|drain|pour out|empty out|tip out",
    "throw_away": "throw away|throw out|discard|dispose of|trash|bin|get rid of|toss|toss out|toss away|throw|"
    "dispose|chuck|scrap|junk|dump out",
    "find": "find|locate|search for|look for|search|spot|seek|hunt for|track down|find out where",
    "go_to": "go to|walk to|head to|navigate to|drive to|go over to|walk over to|head over to|move to|go|walk|head|"
    "drive|approach|come to|travel to|navigate|proceed to|go towards|walk towards|go near|visit|step to",
    "break": "break|smash|shatter|crush",
    "drop": "drop|let go of|release|let go",
    "push": "push|shove|nudge",
    "pull": "pull|drag|tug",
    "wait": "wait|pause|stay",
    "use": "use",
    "unable": "dry|fold|sweep|mop|vacuum|peel|paint|iron|feed|charge|repair|fix|call|play|eat|drink|grate|mash|mix|"
    "stir|knead|sew|wrap|decorate|measure|weigh|count",
}

VERBS = PhraseTable({tuple(words.split()): sense for sense, forms in _SENSES.items() for words in forms.split("|")})
"""Verb words, base form, to the sense that `planner_node.parser.intents` interprets."""

PARTICLES = frozenset({"on", "off", "up", "down", "away", "out", "back", "over", "aside", "clean"})
"""Words that belong to a verb when they end its object: "turn the lamp on"."""

_IRREGULAR = {
    "putting": "put",
    "setting": "set",
    "cutting": "cut",
    "getting": "get",
    "grabbing": "grab",
    "chopping": "chop",
    "dropping": "drop",
    "shutting": "shut",
    "popping": "pop",
    "running": "run",
    "sitting": "sit",
    "wetting": "wet",
    "binning": "bin",
    "throwing": "throw",
    "slipping": "slip",
    "stopping": "stop",
    "flipping": "flip",
    "zapping": "zap",
    "lying": "lay",
}


def verb_base(word: str) -> str | None:
    """The base form of a verb's first word, from base, -s or -ing form; None for what begins no verb."""
    if word in _FIRST:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, replacements in (("ing", ("", "e")), ("es", ("",)), ("s", ("",))):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            for replacement in replacements:
                base = word.removesuffix(ending) + replacement
                if base in _FIRST:
                    return base
    return None


_FIRST = frozenset(words[0] for words in VERBS)


def phrases(text: str) -> tuple[tuple[str, ...], ...]:
    """Phrases separated by bars, each as its words."""
    return tuple(tuple(phrase.split()) for phrase in text.split("|"))


def _table(text: str) -> PhraseTable:
    """Phrases separated by bars, without meanings."""
    return PhraseTable(dict.fromkeys(phrases(text), ""))


PREPOSITIONS = PhraseTable(
    {
        tuple(words.split()): kind
        for kind, forms in {
            "in": "in|into|inside|inside of|within|in to|in the inside of",
            "on": "on|onto|on top of|upon|on to|atop|above|over|on the top of|on the surface of|to the top of|"
            "to top of|on the side of",
            "to": "to|towards|toward|over to|back to|into the direction of",
            "at": "at",
            "from": "from|off|off of|out of|from off|from inside|from on top of|from in|from on|from the top of|"
            "from within|from under|out from",
            "near": "near|next to|beside|by|alongside|close to|adjacent to|to the left of|to the right of|left of|"
            "right of|in front of|behind|across from|against|around|to the side of|on the left of|on the right of|"
            "on the left side of|on the right side of|to the left side of|to the right side of|between|in back of|"
            "at the side of|along",
            "under": "under|underneath|beneath|below|in the light of|by the light of|under the light of|"
            "in light of|with the light of|using the light of|in the glow of|under light of|by light of",
            "with": "with|using|containing|holding|along with|that has|that have|by using",
            "of": "of",
            "for": "for",
            "until": "until|till",
        }.items()
        for words in forms.split("|")
    }
)
"""Prepositions to the relation they express."""

FILLERS = _table(
    "please|kindly|can you|could you|would you|will you|can you please|could you please|would you please|robot|hey|ok|"
    "okay|now|first|firstly|second|secondly|third|next|then|finally|lastly|also|just|i want you to|i need you to|"
    "i would like you to|i d like you to|id like you to|i want to|you should|you need to|you have to|you must|"
    "make sure to|be sure to|remember to|go and|go ahead and|go on and|let us|lets|let s|and|to|try to|so|well|"
    "after that|afterwards|quickly|carefully|gently|immediately|start by|begin by|your task is to|"
    "the task is to|you will|i will have you|help me|help|come and|again|do|and also|plus|as well as|but|"
    "would you mind|when you are done|when done|once done|at last|in the end|afterward|subsequently|hi|hello|"
    "slowly|do me a favor and|do me a favour and|time to|it is time to|want you to|need you to|"
    "go over and|go there and|walk over and|head over and|turn around and|meanwhile|in the meantime|at the same time|"
    "at least|anyway|right|alright|maybe|perhaps|um|uh|er|erm|like|pls|first of all|possibly|if you could|if you can|"
    "if possible|oh|actually|ah|yes|yeah|yep|sorry|no problem|lovely|great|perfect|good|thanks|thank you|careful|"
    "excellent|nice|wonderful|brilliant|super|fine|done|well done|ready|alas|hm|hmm|well then|right then|now then|"
    "ok then|okay then|and now|never mind|not to worry"
)
"""Words before a verb that change nothing."""

ADVERBS = word_set(
    """
    please quickly carefully gently again now first then afterwards too also together thoroughly
    completely here there as well neatly back nicely fast immediately
    """
)

DETERMINERS: MappingProxyType[str, str] = MappingProxyType(
    {
        "the": "the",
        "this": "the",
        "that": "the",
        "these": "the",
        "those": "the",
        "my": "the",
        "your": "the",
        "our": "the",
        "his": "the",
        "her": "the",
        "their": "the",
        "its": "its",
        "a": "a",
        "an": "a",
        "some": "a",
        "any": "a",
        "one": "a",
        "another": "another",
        "other": "another",
        "second": "another",
        "both": "both",
        "all": "all",
        "every": "all",
        "each": "all",
    }
)

NUMBERS: MappingProxyType[str, int] = MappingProxyType(
    {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "couple": 2, "pair": 2, "few": 3}
    | {str(n): n for n in range(1, 10)}
)

ORDINALS = frozenset({"first", "last", "next", "same", "nearest", "closest", "only"})

PRONOUNS: MappingProxyType[str, str] = MappingProxyType(
    {
        "it": "it",
        "them": "them",
        "they": "them",
        "this": "it",
        "that": "it",
        "these": "them",
        "those": "them",
        "itself": "it",
        "one": "one",
        "ones": "one",
        "each": "them",
        "both": "them",
    }
)

LANDMARKS = word_set(
    """
    back front middle center centre bottom top edge corner end side left right rear surface seat ledge rim lid
    """
)
"""Words that, before "of", name a part of a place that is as good as the place."""

PART_WORDS = frozenset(
    [
        "slice",
        "slices",
        "piece",
        "pieces",
        "chunk",
        "chunks",
        "wedge",
        "wedges",
        "half",
        "bit",
        "bits",
        "sliver",
        "part",
        "parts",
        "rest",
        "remainder",
    ]
)
"""Words that, before "of", name a part cut from what follows."""

MEASURES = word_set(
    """
    set sets bar bars head heads roll rolls loaf loaves pair pairs bunch stick sticks couple block sheet
    kind type number sort ball bundle group collection
    """
)
"""Words that, before "of", say nothing about the class."""

STATE_WORDS: MappingProxyType[str, str] = MappingProxyType(
    {
        word: state
        for state, words in {
            "clean": "clean cleaned washed rinsed scrubbed wet damp unused",
            "dirty": "dirty used unwashed soiled stained filthy",
            "hot": "hot heated warm warmed microwaved reheated",
            "cold": "cold chilled cooled cool refrigerated chilly",
            "cooked": "cooked baked fried toasted boiled roasted",
            "sliced": "sliced cut chopped diced halved carved cracked",
            "open": "open opened",
            "closed": "closed shut",
            "on": "lit",
            "off": "unlit",
            "filled": "filled full",
            "empty": "empty emptied",
            "broken": "broken smashed shattered",
        }.items()
        for word in words.split()
    }
)
"""Adjectives and participles to the states of `scene_graph.types`."""


DRINKS = frozenset({"coffee", "tea", "drink", "beverage", "espresso", "cocoa", "juice"})
"""What is meant by them is the vessel: "bring me my tea"."""


def is_known(word: str) -> bool:
    """Whether a word is one of grammar's own: a verb, a preposition, a determiner or the like."""
    tables = (DETERMINERS, PRONOUNS, NUMBERS, STATE_WORDS)
    sets = (ADVERBS, PARTICLES, ORDINALS, LANDMARKS, PART_WORDS, MEASURES, _FUNCTION_WORDS)
    return (
        any(word in table for table in tables)
        or any(word in words for words in sets)
        or verb_base(word) is not None
        or bool(FILLERS.match((word,), 0) or PREPOSITIONS.match((word,), 0))
    )


_FUNCTION_WORDS = word_set(
    """
    i you he she we they me him us is are was were be been am has have had do does did not no or if when while that
    which who what where there here than as just very more
    """
)
"""Words that name nothing and do nothing."""
