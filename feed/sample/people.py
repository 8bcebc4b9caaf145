"""The customers as people: names, addresses and ways to reach them, invented."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from faker import Faker

from domain.folding import folded
from feed.sample import numbers
from feed.sample.cast import Role
from feed.sample.rows import CustomerRow
from models import Title

BORN_FROM, BORN_DAYS = date(1946, 1, 1), 57 * 365
EMAIL_DOMAINS = ("example.fr", "example.org")
STREETS = """
rue des Lilas, avenue de la Gare, allée des Tilleuls, chemin du Moulin, rue Victor-Hugo, place de l'Église,
rue de l'Abbé-Grégoire, impasse des Cerisiers, boulevard de la Liberté, quai de l'Île, rue du Général-Leclerc,
route de Saint-Aubin, rue Louise-Michel, cours de la Marne, rue du Puits, avenue Jean-Jaurès, rue des Écoles
"""
MORE_LINES = ("Appartement 12", "Bâtiment B", "Résidence Les Hêtres", "Chez M. Perrin", "2e étage")
TOWNS = {
    "FR": """
33000 Bordeaux, 59000 Lille, 44000 Nantes, 35000 Rennes, 67000 Strasbourg, 31000 Toulouse, 69003 Lyon,
13008 Marseille, 34000 Montpellier, 06000 Nice, 75011 Paris, 29200 Brest, 63000 Clermont-Ferrand, 21000
Dijon, 38000 Grenoble, 72000 Le Mans, 87000 Limoges, 57000 Metz, 54000 Nancy, 45000 Orléans, 86000
Poitiers, 51100 Reims, 76000 Rouen, 42000 Saint-Étienne, 37000 Tours, 26000 Valence, 56000 Vannes, 24000
Périgueux, 40100 Dax, 64100 Bayonne, 22000 Saint-Brieuc, 85000 La Roche-sur-Yon, 15000 Aurillac
""",
    "GP": "97110 Pointe-à-Pitre, 97139 Les Abymes, 97180 Sainte-Anne",
    "MQ": "97200 Fort-de-France, 97232 Le Lamentin",
}


class People:
    """Draws people, each from the chance of the customer alone."""

    def __init__(self) -> None:
        self._faker = Faker("fr_FR")

    def customer(self, role: Role, reference: str, chance: Random) -> CustomerRow:
        title, first_names, last_name = self._name(role, chance)
        postal_code, city = _one_of(TOWNS[role.region], chance).split(" ", 1)
        return CustomerRow(
            reference,
            title,
            first_names,
            last_name,
            role.born or BORN_FROM + timedelta(days=chance.randrange(BORN_DAYS)),
            _email(first_names, last_name, chance) if role.has_email else None,
            _phone(role, chance),
            f"{chance.randrange(1, 140)} {_one_of(STREETS, chance)}",
            chance.choice(MORE_LINES) if chance.random() < 0.3 else None,
            None,
            None,
            postal_code,
            city,
            role.region,
            role.locale,
        )

    def _name(self, role: Role, chance: Random) -> tuple[Title, str, str]:
        if role.name is not None:
            title, first_names, last_name = role.name.split(" ", 2)
            return Title(title), first_names, last_name
        self._faker.seed_instance(chance.randrange(1 << 32))
        drawn = chance.choice(list(Title))
        first = self._faker.first_name_female() if drawn is Title.MS else self._faker.first_name_male()
        return drawn, first, self._faker.last_name()


def _one_of(listed: str, chance: Random) -> str:
    return chance.choice(" ".join(listed.split()).split(", "))


def _email(first_names: str, last_name: str, chance: Random) -> str:
    local = folded(f"{first_names}.{last_name}").replace("'", "").replace(" ", "-")
    return f"{local}@{chance.choice(EMAIL_DOMAINS)}"


def _phone(role: Role, chance: Random) -> str:
    return numbers.phone(
        numbers.MOBILE_STARTS[role.region] if role.has_mobile else numbers.LANDLINE_START, chance
    )
