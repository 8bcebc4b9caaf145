"""Where the customers spend: invented merchants by category, with their rhythm and their prices in cents."""

from __future__ import annotations

from dataclasses import dataclass

from domain.money import Cents


@dataclass(frozen=True, slots=True)
class Trade:
    """A kind of shop: how often people go there, day by day, and what they leave there."""

    category: str
    visits: tuple[float, float, float, float, float, float, float]  # expected on a Monday, on a Tuesday …
    low_cents: Cents
    high_cents: Cents
    busy_months: frozenset[int]  # twice as often
    merchants: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """The same price each month, until it rises once."""

    merchant: str
    category: str
    day: int
    cents: Cents
    risen_cents: Cents


def _trade(category: str, visits: str, low: int, high: int, merchants: str, busy: str = "") -> Trade:
    """`visits` in hundredths, Monday first; prices in euros."""
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = (int(v) / 100 for v in visits.split())
    week = (monday, tuesday, wednesday, thursday, friday, saturday, sunday)
    months = frozenset(int(month) for month in busy.split())
    return Trade(category, week, low * 100, high * 100, months, tuple(merchants.split(", ")))


TRADES = (
    _trade(
        "GROCERIES",
        "15 20 30 15 30 60 10",
        12,
        140,
        "Halles du Faubourg, Marché Bio Ferme, Supérette du Coin",
    ),
    _trade("BAKERY", "20 25 25 25 25 40 45", 2, 14, "Boulangerie Lemoine, Aux Délices d'Émile, Le Fournil"),
    _trade(
        "RESTAURANTS", "8 12 10 14 22 25 10", 11, 78, "Brasserie de la Gare, L'Ardoise, Crêperie Ty Gwenn"
    ),
    _trade("FUEL", "12 8 8 8 18 12 4", 32, 92, "Station de la Rocade, Relais de l'Étang, Pompe Verte"),
    _trade(
        "TRANSPORT", "12 8 8 8 12 4 4", 2, 60, "Trains du Littoral, Tramway Métropole, Taxi Étoile", "7 8"
    ),
    _trade("HEALTH", "5 5 4 5 5 4 0", 6, 65, "Pharmacie des Halles, Optique Vallée, Cabinet Saint-Roch"),
    _trade(
        "CLOTHING", "1 1 3 1 3 12 1", 19, 160, "Maille & Coton, L'Atelier d'Inès, Chaussures Béraud", "1 6"
    ),
    _trade("HOME", "1 1 2 1 2 7 1", 15, 320, "Maison Clairval, Literie du Val, Le Comptoir du Linge"),
    _trade("DIY", "2 1 2 1 3 10 2", 8, 180, "Brico Castel, Jardinerie des Aulnes, Quincaillerie Noël", "4 5"),
    _trade("ELECTRONICS", "1 1 1 1 1 3 1", 25, 690, "Électro Plaine, Micro & Cie, Image et Son", "11 12"),
    _trade("LEISURE", "1 1 4 1 4 8 5", 8, 75, "Cinéma Le Méliès, Piscine Olympe, Escalade Verticale"),
    _trade("CULTURE", "1 2 3 2 2 6 1", 7, 58, "Librairie L'Encre, Disquaire Sillon, Presse du Marché", "12"),
    _trade("CHILDREN", "1 1 4 1 2 5 0", 9, 95, "Jouets Pirouette, Papeterie Plume, Bébé Câlin", "9 12"),
    _trade("BEAUTY", "1 3 2 3 4 5 0", 14, 88, "Coiffure Mèche Folle, Parfumerie Iris, Institut Azur"),
    _trade("PETS", "1 1 1 1 1 3 0", 12, 85, "Animalerie Ouistiti, Clinique vétérinaire Pasteur"),
    _trade("TRAVEL", "1 1 1 1 1 1 1", 65, 780, "Hôtel de la Plage, Voyages Horizon, Gîtes du Pays", "6 7 8"),
)

SUBSCRIPTIONS = (
    Subscription("Écran Illimité", "SUBSCRIPTIONS", 3, 13_49, 15_99),
    Subscription("Télécom Sillage", "TELECOM", 7, 19_99, 22_99),
    Subscription("Musique en Boucle", "SUBSCRIPTIONS", 12, 10_99, 11_99),
    Subscription("Salle de sport Tonus", "LEISURE", 5, 29_90, 32_90),
    Subscription("Énergie du Val", "ENERGY", 15, 78_00, 84_50),
    Subscription("Journal L'Aube", "CULTURE", 20, 9_90, 12_90),
    Subscription("Assurance Roseau", "INSURANCE", 9, 41_20, 43_70),
)

TRADES_BY_CATEGORY = {trade.category: trade for trade in TRADES}
CASH_CENTS = (20_00, 40_00, 50_00, 60_00, 80_00, 100_00)
CASH_FEE_CENTS = 2_50
