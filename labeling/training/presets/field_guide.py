"""The field guide of the four NAV classes (the paper's Figure 2), in two languages.

`simulation/lessons/` draws the pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

SOIL, BEDROCK, SAND, BIG_ROCK = range(4)


@dataclass(frozen=True, slots=True)
class GuidePreset:
    """One entry: `kind` is "good", "bad" or "alike"; `other` is the class code and picture of a
    look-alike.
    """

    kind: str
    code: int
    picture: str
    caption: str
    caption_es: str
    other: tuple[int, str] | None = None


def _tutorial(name: str) -> str:
    return f"img/tutorial/{name}.webp"


def _guide(name: str) -> str:
    return f"img/guide/{name}.webp"


NAV_GUIDE = (
    GuidePreset(
        "good",
        SOIL,
        _tutorial("soil"),
        "Small grains and pebbles lie all over it. The line follows its edge and stops where the "
        "sand and the rock begin.",
        "Está lleno de granitos y piedrecitas. La línea sigue su borde y se detiene donde empiezan "
        "la arena y la roca.",
    ),
    GuidePreset(
        "bad",
        SOIL,
        _guide("soil-bad"),
        "This line runs over the rock, too. Go around the rock and leave it out.",
        "Esta línea también pasa por encima de la roca. Rodea la roca y déjala fuera.",
    ),
    GuidePreset(
        "bad",
        SOIL,
        _guide("rover-bad"),
        "This line runs over the rover, too. The rover is not ground, whatever lies on it: stop at "
        "its edge.",
        "Esta línea también pasa por encima del róver. El róver no es suelo, tenga lo que tenga "
        "encima: párate en su borde.",
    ),
    GuidePreset(
        "good",
        BEDROCK,
        _tutorial("bedrock"),
        "Flat plates of rock that are part of the ground. Dust in the cracks belongs to them.",
        "Placas planas de roca que son parte del suelo. El polvo en las grietas va con ellas.",
    ),
    GuidePreset(
        "bad",
        BEDROCK,
        _guide("bedrock-bad"),
        "Only half of the plates are inside the line. Draw around all of them together: you need "
        "no shape for each plate.",
        "Solo la mitad de las placas está dentro de la línea. Dibuja alrededor de todas juntas: no "
        "hace falta una forma para cada placa.",
    ),
    GuidePreset(
        "good",
        SAND,
        _tutorial("sand"),
        "Smooth, with ripples like on a beach. Small stones that lie in it may stay inside.",
        "Lisa, con ondas como en la playa. Las piedrecitas que hay en ella pueden quedar dentro.",
    ),
    GuidePreset(
        "bad",
        SAND,
        _guide("sand-bad"),
        "The line is too far out: there is firm ground with pebbles inside it. Stop where the "
        "ripples end.",
        "La línea llega demasiado lejos: dentro hay suelo firme con piedrecitas. Párate donde "
        "acaban las ondas.",
    ),
    GuidePreset(
        "good",
        BIG_ROCK,
        _tutorial("big-rock"),
        "It stands up from the ground and throws a shadow. Draw around the rock, not around its "
        "shadow.",
        "Sobresale del suelo y hace sombra. Dibuja alrededor de la roca, no de su sombra.",
    ),
    GuidePreset(
        "bad",
        BIG_ROCK,
        _guide("big-rock-bad"),
        "This stone is smaller than the white bar. A rover drives over it: leave it out.",
        "Esta piedra es más pequeña que la barra blanca. Un róver pasa por encima: déjala fuera.",
    ),
    GuidePreset(
        "alike",
        SAND,
        _guide("alike-sand"),
        "Look for grains. Sand is smooth and has ripples. Soil looks rough, and its pebbles throw "
        "tiny shadows.",
        "Busca granos. La arena es lisa y tiene ondas. La tierra se ve áspera, y sus piedrecitas "
        "hacen sombras diminutas.",
        (SOIL, _guide("alike-soil")),
    ),
    GuidePreset(
        "alike",
        BEDROCK,
        _guide("alike-bedrock"),
        "Look whether it stands up. Bedrock lies flat, like a floor of broken plates. A big rock "
        "stands on the ground and hides what is behind it.",
        "Mira si sobresale. La roca madre es plana, como un suelo de placas rotas. Una roca grande "
        "está sobre el suelo y tapa lo que hay detrás.",
        (BIG_ROCK, _guide("alike-big-rock")),
    ),
    GuidePreset(
        "alike",
        BEDROCK,
        _guide("alike-dusty-bedrock"),
        "Look for edges. Rock has cracks and sharp edges, also where dust lies on it. Soil has "
        "none.",
        "Busca bordes. La roca tiene grietas y bordes afilados, también cuando hay polvo encima. "
        "La tierra no los tiene.",
        (SOIL, _guide("alike-soil")),
    ),
)

#: All shipped pictures, from which a manager can choose.
SHIPPED_PICTURES = (
    *map(
        _tutorial,
        (
            "soil",
            "bedrock",
            "sand",
            "big-rock",
            "no-overlap",
            "beyond-30m",
            "rover",
            "scale-bar",
            "not-sure",
        ),
    ),
    *map(
        _guide,
        (
            "soil-bad",
            "bedrock-bad",
            "sand-bad",
            "big-rock-bad",
            "rover-bad",
            "alike-sand",
            "alike-soil",
            "alike-bedrock",
            "alike-dusty-bedrock",
            "alike-big-rock",
        ),
    ),
)
