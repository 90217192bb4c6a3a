"""Actors: how they are distinguished, and that every service that changes something takes one.

The second part reads the source of all services. A function writes if it calls a database method
that writes, or a service that does. Its first parameter must then be `actor: Actor`, unless it is
listed below as one that needs no actor.
"""

from __future__ import annotations

import ast
import pickle
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from ai4mars_site.toolkit.actors import Actor, ActorKind, NoAccount
from labeling.images.tasks import import_batch
from labeling.management.commands.erase_person import Command
from labeling.people.services.labelers import labeler_of_user, new_guest

ROOT = Path(__file__).parents[2]
APPS = ("labeling", "review", "merging")

#: Computed from what people made or decided, or swept when its time is over.
DERIVED = {
    "labeling.annotation.services.drafts.sweep",
    "labeling.campaigns.services.figures.sweep",
    "labeling.annotation.services.rover_masks.place_scale_bars",
    "labeling.images.services.quality.mark_near_duplicates",
    "labeling.images.services.scale_bars.move_off_rover",
    "labeling.people.services.sweeping.sweep_guests",
    "labeling.people.services.sweeping.sweep_sessions",
    "labeling.reports.services.sweep",
    "merging.benchmark.services.compare",
    "merging.gold.services.consensus.compare",
    "merging.masks.services.comparisons.compare",
    "merging.masks.services.comparisons.delete_comparisons",
    "merging.masks.services.merges.merge",
    "merging.masks.services.merges.upsert",
    "merging.releases.services.parts.save",
    "merging.releases.services.parts.update_stale_parts",
    "merging.statistics.services.store",
    "review.scores.services.distribution.recount",
    "review.scores.services.opinions.update",
    "review.scores.services.scores.mark_stale",
    "review.scores.services.scores.score_images",
    "review.skill.services.estimate_from_votes",
}
#: What a page that is open, or a job that is at work, keeps of its own.
WORKING_STATE = {
    # Images that were handed out, and drawings that are not sent yet.
    "labeling.annotation.services.assignments.next_assignments",
    "labeling.annotation.services.offers.accept",
    "labeling.training.services.practice.next_lesson",
    "labeling.annotation.services.drafts.discard",
    "labeling.annotation.services.drafts.save",
    # Which labels are on whose screen, and who was shown which.
    "labeling.annotation.services.independence.record_views",
    "review.queue.services.queue.claim",
    "review.queue.services.queue.end_leases",
    # How far a job is.
    "labeling.images.services.import_jobs.fail",
    "labeling.images.services.import_jobs.finish",
    "labeling.images.services.import_jobs.list_items",
    "labeling.images.services.import_jobs.record",
    "review.skill.services.claim",
}
#: The row of somebody who acts is made with the first thing they do.
NEW_LABELERS = {
    "labeling.people.services.labelers.guest_with_key",
    "labeling.people.services.labelers.imported_labeler",
    "labeling.people.services.labelers.labeler_of_user",
    "labeling.people.services.labelers.new_guest",
}
#: One step of a change, also of post-processing. Who made a change is told to what takes the step.
STEPS = {"labeling.annotation.services.labels.transition"}
WITHOUT_ACTOR = DERIVED | WORKING_STATE | NEW_LABELERS | STEPS

#: Methods of managers, querysets and rows. Their values go by name; those of dictionaries, sets,
#: checksums, caches and storages, which have methods of the same names, go by place.
WRITES = {"create", "delete", "get_or_create", "save", "update", "update_or_create"}
BULK_WRITES = {"bulk_create", "bulk_update"}


# -- actors ----------------------------------------------------------------------------------------


def request_of(user: User | AnonymousUser) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def test_each_kind_is_told_apart_in_messages() -> None:
    ada = User(pk=7, username="ada")
    assert str(Actor.of_user(ada)) == "account 7 (ada)"
    assert str(Actor.of_request(request_of(ada))) == "account 7 (ada)"
    assert str(Actor.of_request(request_of(AnonymousUser()))) == "visitor"
    assert str(Actor.of_labeler(3, "Guest 3")) == "labeler 3 (Guest 3)"
    assert str(Actor.of_command(Command())) == "command erase_person"
    assert str(Actor.of_task(import_batch)) == "task labeling.images.tasks.import_batch"


def test_only_an_account_has_the_key_of_one() -> None:
    ada = Actor.of_user(User(pk=7, username="ada"))
    assert (ada.user_id, ada.account_id) == (7, 7)
    guest = Actor.of_labeler(7, "Guest 7")
    assert guest.user_id is None
    with pytest.raises(NoAccount, match=r"labeler 7 \(Guest 7\)"):
        _ = guest.account_id


@pytest.mark.django_db
def test_a_labeler_acts_as_its_account_where_it_has_one() -> None:
    ada = User.objects.create(username="ada")
    assert labeler_of_user(ada).actor == Actor(ActorKind.ACCOUNT, "ada", ada.pk)
    guest = new_guest()
    assert guest.actor == Actor(ActorKind.LABELER, f"Guest {guest.pk}", guest.pk)


def test_an_actor_can_be_sent_to_another_process() -> None:
    actor = Actor.of_labeler(3, "Guest 3")
    assert pickle.loads(pickle.dumps(actor)) == actor


# -- services --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Service:
    """A function of a services module: its name with the module, and its syntax tree."""

    name: str
    tree: ast.FunctionDef
    #: Other functions of services that it may call, by the text of the call.
    known: dict[str, str]

    @property
    def is_public(self) -> bool:
        return not self.tree.name.startswith("_")

    @property
    def takes_actor(self) -> bool:
        arguments = self.tree.args
        first = next(iter(arguments.posonlyargs + arguments.args), None)
        return (
            first is not None
            and first.arg == "actor"
            and first.annotation is not None
            and ast.unparse(first.annotation) == "Actor"
        )

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    def writes(self) -> bool:
        return any(is_write(call) for call in self.calls())

    def mentions(self) -> set[str]:
        """Return the services that this one calls, or passes on to be called."""
        texts = {written(node) for node in ast.walk(self.tree)}
        return {self.known[text] for text in texts & self.known.keys()}


def written(node: ast.AST) -> str:
    """Return a function's name in the source, such as `store` or `labels.store`; "" for other
    nodes.
    """
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return ""


def is_write(call: ast.Call) -> bool:
    """Return whether a call is of a database method that writes."""
    if not isinstance(call.func, ast.Attribute):
        return False
    name, of = call.func.attr, call.func.value
    if isinstance(of, ast.Attribute) and of.attr == "attrs":
        return False  # of a form's widget
    if name in BULK_WRITES:
        return True
    # A file's `delete(save=False)` and a form's `save(commit=False)` change no row.
    is_put_off = any(keyword.arg in ("save", "commit") for keyword in call.keywords)
    return name in WRITES and not call.args and not is_put_off


def modules() -> dict[str, ast.Module]:
    """Return all modules of services by name."""
    found = {}
    for app in APPS:
        for path in sorted((ROOT / app).glob("*/services/*.py")) + sorted(
            (ROOT / app).glob("*/services.py")
        ):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def services_in(found: dict[str, ast.Module]) -> dict[str, Service]:
    """Return the functions of service modules by name; calls are resolved by imports."""
    functions = {
        f"{module}.{node.name}": (module, node)
        for module, tree in found.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    known = {module: names_in(module, tree, functions.keys()) for module, tree in found.items()}
    return {name: Service(name, node, known[module]) for name, (module, node) in functions.items()}


def names_in(module: str, tree: ast.Module, functions: Collection[str]) -> dict[str, str]:
    """Return the names that a module uses for functions of services: `label`, `labels.store` ..."""
    names: dict[str, str] = {}
    for function in functions:
        owner, _, own = function.rpartition(".")
        if owner == module:
            names[own] = function
    for node in tree.body:
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            imported = f"{node.module}.{alias.name}"
            written = alias.asname or alias.name
            for function in functions:
                if function == imported:
                    names[written] = function
                elif function.rpartition(".")[0] == imported:
                    names[f"{written}.{function.rpartition('.')[2]}"] = function
    return names


def writers(services: dict[str, Service]) -> set[str]:
    """Return the services that write, directly or through others that take an actor."""
    found = {name for name, service in services.items() if service.writes()}
    mentions = {name: service.mentions() for name, service in services.items()}
    while True:
        passing_on = found - WITHOUT_ACTOR
        more = {name for name in services.keys() - found if mentions[name] & passing_on}
        if not more:
            return found
        found |= more


def test_services_that_change_something_take_the_actor_first() -> None:
    services = services_in(modules())
    missing = {
        name
        for name in writers(services) - WITHOUT_ACTOR
        if services[name].is_public and not services[name].takes_actor
    }
    assert not missing, (
        "These services write, and do not say for whom. Give them `actor: Actor` as the first "
        f"parameter, or name them above with what needs none: {sorted(missing)}"
    )


def test_the_list_of_services_without_an_actor_is_true() -> None:
    services = services_in(modules())
    assert services.keys() >= WITHOUT_ACTOR, "they are there"
    needless = {
        name
        for name in WITHOUT_ACTOR
        if services[name].takes_actor or name not in writers(services)
    }
    assert not needless, f"These take an actor, or write nothing: {sorted(needless)}"


EDGES = (
    "*/views.py",
    "*/views/*.py",
    "*/api.py",
    "*/api/*.py",
    "*/forms.py",
    "*/serializers.py",
    "*/tasks.py",
    "admin.py",
    "management/commands/*.py",
)


def test_pages_commands_and_tasks_change_nothing_by_themselves() -> None:
    found, read = [], 0
    for path in sorted(path for app in APPS for each in EDGES for path in (ROOT / app).glob(each)):
        read += 1
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and is_write(node):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert read > 60
    assert not found, f"Write through a service, which takes the actor: {found}"


SOURCE = """
from ai4mars_site.toolkit.actors import Actor
from labeling.models import Image
from shop.services import stock
from shop.services.stock import count as counted

def retire(images): images.filter(pk=1).update(retired=True)
def through_another(image): stock.sell(image)
def handed_on(images): return map(stock.sell, images)
def told(actor: Actor, image): stock.sell(actor, image)
def reads(image): return counted(image)
def hashes(digest, more, cache): digest.update(more); cache.delete("key"); {}.update(more)
def _private(image): image.save()
def files(image): image.file.delete(save=False)
"""
STOCK = """
def sell(image): Image.objects.create(image=image)
def count(image): return 1
"""


def test_writing_is_found_through_other_services() -> None:
    services = services_in(
        {"shop.services.sales": ast.parse(SOURCE), "shop.services.stock": ast.parse(STOCK)}
    )
    found = {name.rpartition(".")[2] for name in writers(services)}
    assert found == {"retire", "through_another", "handed_on", "told", "_private", "sell"}
    assert [name for name, each in services.items() if each.takes_actor] == [
        "shop.services.sales.told"
    ]
