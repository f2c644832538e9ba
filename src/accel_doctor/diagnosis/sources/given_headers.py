"""List headers that need no package of their own: of the C library, the compiler, and Python."""

from __future__ import annotations

# libc6-dev, linux-libc-dev and gcc have these; every compiler comes with them.
_DIRECTORIES = frozenset({
    "arpa", "asm", "asm-generic", "bits", "drm", "experimental", "ext", "gnu", "linux", "mach", "machine", "misc",
    "net", "netash", "netax25", "netinet", "netipx", "netpacket", "nfs", "protocols", "rdma", "rpcsvc", "sanitizer",
    "scsi", "sound", "tr1", "video", "xen",
})  # fmt: skip
_IN_SYS = frozenset({
    "acct", "auxv", "byteorder", "cdefs", "dir", "elf", "endian", "epoll", "errno", "eventfd", "fanotify", "fcntl",
    "file", "filio", "fsuid", "gmon", "inotify", "io", "ioctl", "ipc", "kd", "klog", "mman", "mount", "msg", "mtio",
    "param", "personality", "poll", "prctl", "procfs", "ptrace", "queue", "quota", "random", "reboot", "reg",
    "resource", "select", "sem", "sendfile", "shm", "signal", "signalfd", "socket", "socketvar", "sockio",
    "soundcard", "stat", "statfs", "statvfs", "swap", "syscall", "sysctl", "sysinfo", "syslog", "sysmacros",
    "termios", "time", "timeb", "timerfd", "times", "timex", "types", "ucontext", "uio", "un", "unistd", "user",
    "utsname", "vfs", "vt", "wait", "xattr",
})  # fmt: skip
_OF_C = frozenset({
    "a.out", "aio", "alloca", "altivec", "ar", "argp", "argz", "arm_acle", "arm_neon", "assert", "backtrace",
    "byteswap", "complex", "cpio", "cpuid", "ctype", "dirent", "dlfcn", "elf", "endian", "envz", "err", "errno",
    "error", "execinfo", "fcntl", "features", "fenv", "float", "fmtmsg", "fnmatch", "fpu_control", "fstab", "fts",
    "ftw", "gconv", "gcov", "getopt", "glob", "grp", "gshadow", "iconv", "ieee754", "ifaddrs", "inttypes", "iso646",
    "langinfo", "lastlog", "libgen", "libintl", "limits", "link", "locale", "malloc", "math", "mcheck", "memory",
    "mm3dnow", "mm_malloc", "mntent", "monetary", "mqueue", "netdb", "nl_types", "nss", "obstack", "omp", "openacc",
    "paths", "poll", "printf", "proc_service", "pthread", "pty", "pwd", "quadmath", "re_comp", "regex", "regexp",
    "resolv", "sched", "search", "semaphore", "setjmp", "sgtty", "shadow", "signal", "spawn", "stab", "stdalign",
    "stdarg", "stdatomic", "stdbool", "stddef", "stdfix", "stdint", "stdio", "stdio_ext", "stdlib", "stdnoreturn",
    "string", "strings", "syscall", "sysexits", "syslimits", "syslog", "tar", "termio", "termios", "tgmath",
    "thread_db", "threads", "time", "ttyent", "uchar", "ucontext", "ulimit", "unistd", "unwind", "utime", "utmp",
    "utmpx", "values", "varargs", "wait", "wchar", "wctype", "wordexp",
})  # fmt: skip
# Python has these, or the frontend installs what does.
_OF_PYTHON = frozenset({
    "Python.h", "abstract.h", "cStringIO.h", "ceval.h", "code.h", "compile.h", "datetime.h", "eval.h", "frozen.h",
    "graminit.h", "import.h", "longintrepr.h", "marshal.h", "modsupport.h", "node.h", "opcode.h", "osdefs.h",
    "patchlevel.h", "pycapsule.h", "pyconfig.h", "pydebug.h", "pyerrors.h", "pyfpe.h", "pyhash.h", "pymacro.h",
    "py3cairo.h", "pycairo.h", "pymath.h", "pymem.h", "pyport.h", "pystate.h", "pythread.h", "pytime.h",
    "structmember.h", "structseq.h",
    "token.h", "traceback.h",
})  # fmt: skip
_PYTHON_DIRECTORIES = frozenset(
    {"pycairo", "numpy", "pybind11", "nanobind", "internal", "cpython", "torch", "greenlet"}
)


def is_given(name: str) -> bool:
    """Return whether every machine that compiles extension modules has a header."""
    directory, _, rest = name.partition("/")
    if not rest:
        stem, dot, extension = name.rpartition(".")
        if not dot or extension not in ("h", "hpp", "hh", "hxx", "H"):
            return True  # of the C++ standard library, or no header
        return stem in _OF_C or name in _OF_PYTHON or stem.endswith(("intrin", "object"))
    if directory == "sys":
        return rest.removesuffix(".h") in _IN_SYS
    return directory in _DIRECTORIES or directory in _PYTHON_DIRECTORIES
