"""Turn logs into findings, and findings into a plan. Pure: a diagnosis never depends on this machine."""

from accel_doctor.diagnosis.adviser import RuleAdviser
from accel_doctor.diagnosis.diagnosing import diagnose, diagnose_stream
from accel_doctor.diagnosis.optional import left_out
from accel_doctor.diagnosis.prose import without_mere_words
from accel_doctor.diagnosis.samples import sample_problems
from accel_doctor.diagnosis.versions import WatchedStream
