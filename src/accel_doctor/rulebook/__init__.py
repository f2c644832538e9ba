"""Rule files as frozen, typed rules: message forms, what Python packages need, and who provides it where.

The files are described in ``docs/reference/rules.md``. Nothing here looks at the machine; nothing past this
door handles raw YAML.
"""

from accel_doctor.rulebook.book import Rulebook, load
from accel_doctor.rulebook.directories import shipped_rules
from accel_doctor.rulebook.families import Family, PackageRule
from accel_doctor.rulebook.python_packages import InterpreterHeaders, PythonPackage
from accel_doctor.rulebook.repository_rules import Repository
from accel_doctor.rulebook.symptoms import Aliases, Sample, Symptom, SymptomRole

__all__ = [
    "Aliases",
    "Family",
    "InterpreterHeaders",
    "PackageRule",
    "PythonPackage",
    "Repository",
    "Rulebook",
    "Sample",
    "Symptom",
    "SymptomRole",
    "load",
    "shipped_rules",
]
