"""Campaign presets: classes, tutorial and parameters for the missions of the paper.

Class colors are from the Okabe-Ito palette, which color-blind people can distinguish and which is
visible on gray images. Class definitions follow the paper, Figure 2 and section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from labeling.training.presets.field_guide import NAV_GUIDE, GuidePreset


@dataclass(frozen=True, slots=True)
class ClassPreset:
    code: int
    name: str
    color: str
    pattern: str
    guidance: str
    picture: str
    name_es: str
    guidance_es: str
    #: Smallest size of a thing of this class, meters; None: no rule.
    min_width_m: float | None = None
    min_height_m: float | None = None


@dataclass(frozen=True, slots=True)
class StepPreset:
    title: str
    text: str
    title_es: str
    text_es: str
    picture: str = ""


@dataclass(frozen=True, slots=True)
class CampaignPreset:
    name: str
    description: str
    name_es: str
    description_es: str
    range_limit_m: float = 30.0
    classes: tuple[ClassPreset, ...] = field(default_factory=tuple)
    steps: tuple[StepPreset, ...] = field(default_factory=tuple)
    guide: tuple[GuidePreset, ...] = field(default_factory=tuple)


NAV_CLASSES = (
    ClassPreset(
        0,
        "Soil",
        "#E69F00",
        "dots",
        "Firm ground of small grains, often with pebbles lying on it. A rover leaves shallow "
        "tracks and drives well.",
        "img/tutorial/soil.webp",
        "Tierra",
        "Suelo firme de granos pequeños, a menudo con piedrecitas encima. Un róver deja huellas "
        "poco hondas y avanza bien.",
    ),
    ClassPreset(
        1,
        "Bedrock",
        "#56B4E9",
        "lines",
        "Flat solid rock that is part of the ground, often cracked into plates. Dust may lie "
        "on it.",
        "img/tutorial/bedrock.webp",
        "Roca madre",
        "Roca plana y sólida que es parte del suelo, a menudo rota en placas. Puede tener polvo "
        "encima.",
    ),
    ClassPreset(
        2,
        "Sand",
        "#F0E442",
        "waves",
        "Smooth, loose and fine, often with ripples like on a beach. A rover can get stuck in it.",
        "img/tutorial/sand.webp",
        "Arena",
        "Lisa, suelta y fina, a menudo con ondas como en la playa. Un róver puede quedarse "
        "atascado en ella.",
    ),
    ClassPreset(
        3,
        "Big rock",
        "#CC79A7",
        "cross",
        "A rock that stands up taller than 30 cm (a school ruler) and is at least 50 cm wide. "
        "A rover must drive around it.",
        "img/tutorial/big-rock.webp",
        "Roca grande",
        "Una roca que sobresale más de 30 cm (como una regla de la escuela) y mide al menos 50 cm "
        "de ancho. Un róver tiene que rodearla.",
        min_width_m=0.5,
        min_height_m=0.3,
    ),
)


NAV_STEPS = (
    StepPreset(
        "Neighbors may touch, but not overlap",
        "Draw a line around each kind of ground. Two shapes can share a border. If you draw "
        "over a shape that is already there, the old shape stays and the new one takes what "
        "is free.",
        "Las formas vecinas se tocan, pero no se tapan",
        "Dibuja una línea alrededor de cada tipo de suelo. Dos formas pueden compartir un "
        "borde. Si dibujas encima de una forma que ya está, la vieja se queda y la nueva ocupa "
        "lo que está libre.",
        "img/tutorial/no-overlap.webp",
    ),
    StepPreset(
        "Far away is dark: no need to draw there",
        "What is more than 30 meters away is too far for a rover to plan. We made it darker. "
        "You can leave it out.",
        "Lo lejano está oscuro: ahí no hace falta dibujar",
        "Lo que está a más de 30 metros queda demasiado lejos para el plan de un róver. Lo "
        "hemos oscurecido. Puedes dejarlo sin dibujar.",
        "img/tutorial/beyond-30m.webp",
    ),
    StepPreset(
        "The rover is not ground: leave it out",
        "Sometimes you see parts of the rover itself: its deck, its arm, a wheel. We made them "
        "darker where we know them. Never draw on the rover, whether it is dark or not.",
        "El róver no es suelo: déjalo fuera",
        "A veces se ven partes del propio róver: su cubierta, su brazo, una rueda. Las hemos "
        "oscurecido donde las conocemos. No dibujes nunca sobre el róver, esté oscuro o no.",
        "img/tutorial/rover.webp",
    ),
    StepPreset(
        "Smaller than the white bar: leave it out",
        "The white bar in the middle of the picture is 50 centimeters wide where it lies, in "
        "pictures of Spirit and Opportunity 20. Anything smaller than the bar does not need a "
        "shape of its own.",
        "Más pequeño que la barra blanca: déjalo",
        "La barra blanca en medio de la imagen mide 50 centímetros de ancho en el lugar donde "
        "está, y 20 en las imágenes de Spirit y Opportunity. Lo que es más pequeño que la barra "
        "no necesita una forma propia.",
        "img/tutorial/scale-bar.webp",
    ),
    StepPreset(
        "Not sure? Leave it empty",
        "You do not have to fill the whole picture. Draw what you are sure of, and leave the "
        "rest. About ten people draw on each picture, and together you will be right.",
        "¿No estás seguro? Déjalo vacío",
        "No tienes que llenar toda la foto. Dibuja lo que sabes con seguridad y deja el "
        "resto. Unas diez personas dibujan en cada foto, y entre todas acertaréis.",
        "img/tutorial/not-sure.webp",
    ),
)


PRESETS: dict[str, CampaignPreset] = {
    "msl-navcam": CampaignPreset(
        name="Curiosity, navigation cameras",
        description="Show the Curiosity rover what it drives on: soil, bedrock, sand, big rocks.",
        name_es="Curiosity, cámaras de navegación",
        description_es="Enseña al róver Curiosity sobre qué conduce: tierra, roca madre, arena, "
        "rocas grandes.",
        classes=NAV_CLASSES,
        steps=NAV_STEPS,
        guide=NAV_GUIDE,
    ),
    "m2020": CampaignPreset(
        name="Perseverance",
        description="What does Perseverance drive on? Soil, bedrock, sand, big rocks.",
        name_es="Perseverance",
        description_es="¿Sobre qué conduce Perseverance? Tierra, roca madre, arena, rocas grandes.",
        classes=NAV_CLASSES,
        steps=NAV_STEPS,
        guide=NAV_GUIDE,
    ),
    # Images of several missions.
    "rovers": CampaignPreset(
        name="Mars rovers",
        description="What do the rovers on Mars drive on? Soil, bedrock, sand, big rocks.",
        name_es="Róveres de Marte",
        description_es="¿Sobre qué conducen los róveres en Marte? Tierra, roca madre, arena, rocas "
        "grandes.",
        classes=NAV_CLASSES,
        steps=NAV_STEPS,
        guide=NAV_GUIDE,
    ),
    # For a lab's own rover, the Moon or a drone: a manager changes the name, and the classes if
    # needed.
    "plain": CampaignPreset(
        name="Pictures of the ground",
        description="What is there to drive on? Soil, bedrock, sand, big rocks.",
        name_es="Fotos del suelo",
        description_es="¿Sobre qué se puede conducir? Tierra, roca madre, arena, rocas grandes.",
        classes=NAV_CLASSES,
        steps=NAV_STEPS,
        guide=NAV_GUIDE,
    ),
    "mer-navcam": CampaignPreset(
        name="Spirit and Opportunity, navigation cameras",
        description="What did Spirit and Opportunity drive on? Soil, bedrock, sand, big rocks.",
        name_es="Spirit y Opportunity, cámaras de navegación",
        description_es="¿Sobre qué condujeron Spirit y Opportunity? Tierra, roca madre, arena, "
        "rocas grandes.",
        classes=NAV_CLASSES,
        steps=NAV_STEPS,
        guide=NAV_GUIDE,
    ),
}
