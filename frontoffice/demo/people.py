"""Invented people of the sample office. Any likeness to somebody living is chance."""

from dataclasses import dataclass

from frontoffice.staff.models import Role


@dataclass(frozen=True)
class SampleAccount:
    """A member of staff whose password everybody may know."""

    username: str
    name: str
    role: Role
    password: str


ACCOUNTS = (
    SampleAccount("miriam", "Miriam Beispiel", Role.FRONT_DESK, "willkommen-am-tresen"),
    SampleAccount("jonas", "Jonas Muster", Role.CASEWORKER, "willkommen-im-amt"),
    SampleAccount("aylin", "Aylin Probe", Role.TEAM_LEAD, "willkommen-im-team"),
    SampleAccount("dana", "Dana Exempel", Role.ADMINISTRATOR, "willkommen-im-maschinenraum"),
    SampleAccount("robin", "Robin Vorlage", Role.AUDITOR, "willkommen-zur-einsicht"),
)
EVERYWHERE = (Role.ADMINISTRATOR, Role.AUDITOR)

# One name only, many names, several scripts: as people have them.
NAMES = (
    "Olena Kowalenko",
    "Mohammad Rahimi",
    "محمد الأحمد",
    "Priya Raman",
    "Nguyễn Thị Hoa",
    "Ахмед Юсупов",
    "Suharto",
    "María José García de la Cruz",
    "Fatma Yıldız",
    "Chidi Okonkwo",
    "Wei Zhang",
    "Anna-Liis Tamm",
    "Parisa Azizi",
    "João Pedro da Silva Santos",
    "Олександр Ткаченко",
    "Amina Diallo",
    "John O’Connor",
    "Sofía Hernández",
    "Ravi",
    "Elif Şahin",
    "Tesfaye Bekele",
    "Larysa Moroz",
    "فاطمه حسینی",
    "Marko Jovanović",
    "Kofi Mensah",
    "Li Na",
)
