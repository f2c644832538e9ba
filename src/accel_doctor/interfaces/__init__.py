"""The sockets: what the treatment loop needs from the outside world. Adapters implement them; tests fake them."""

from accel_doctor.interfaces.build_protocols import (
    Builder,
    BuildIdentity,
    CureMemory,
    Describer,
    Frontend,
    ObjectStore,
    PackageIndex,
    SourceReader,
    TargetEnvironment,
    WheelStore,
)
from accel_doctor.interfaces.machine_protocols import (
    Downloads,
    Loader,
    PackageManager,
    PackageNames,
    PackageRemover,
    Prober,
    Runner,
    Sandbox,
)
from accel_doctor.interfaces.run_protocols import (
    Adviser,
    Advisers,
    Audience,
    Logs,
    Notifier,
    Progress,
    Reporter,
    Stoppable,
)
