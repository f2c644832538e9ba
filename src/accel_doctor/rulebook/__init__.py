"""Read rule files into frozen, typed rules: messages, what Python packages need, and which packages provide it.

``docs/reference/rules.md`` describes the files. Nothing here inspects the machine, and raw YAML stays inside.
"""

from accel_doctor.rulebook.book import Rulebook, load
from accel_doctor.rulebook.families import Family, PackageRule, Repository
from accel_doctor.rulebook.python_packages import InterpreterHeaders, PythonPackage
from accel_doctor.rulebook.rule_directories import shipped_rules
from accel_doctor.rulebook.symptoms import Aliases, Sample, Symptom, SymptomRole
