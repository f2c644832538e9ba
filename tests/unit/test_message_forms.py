# ruff: noqa: E501  -- messages are quoted as they are printed
"""Every way tools are known to say what they lack, as whole small logs, and what must be understood."""

import pytest
from books import load

from accel_doctor.diagnosis import diagnose

SYMPTOMS = load().symptoms
FORMS = [
    # headers
    ("x.c:1:10: fatal error: a/b.h: No such file or directory", "header:a/b.h"),
    ("<command-line>: fatal error: a/b.h: No such file or directory", "header:a/b.h"),
    ("x.c:1:10: fatal error: 'a.h' file not found", "header:a.h"),
    ("<built-in>:1:10: fatal error: 'a/b.h' file not found", "header:a/b.h"),
    ("  clang diagnosed error: wrapper.h:1:10: fatal error: 'a.h' file not found", "header:a.h"),
    ("Unable to generate bindings: header 'a.h' does not exist.", "header:a.h"),
    ("x.c(3): fatal error C1083: Cannot open include file: 'a.h': No such file or directory", "header:a.h"),
    ("Fatal Error: Cannot open included file 'mpif.h'", "header:mpif.h"),
    ("Fatal Error: Cannot open included file \u2018mpif.h\u2019", "header:mpif.h"),
    ("x.f90:3: Error: Can't open included file 'fftw3.f'", "header:fftw3.f"),
    ("Fatal Error: fftw3.f: No such file or directory", "header:fftw3.f"),
    ("Fatal Error: Cannot open module file 'mpi.mod' for reading at (1): No such file or directory", "file:mpi.mod"),
    (
        "Fatal Error: Cannot open module file \u2018mpi.mod\u2019 for reading at (1): No such file or directory",
        "file:mpi.mod",
    ),
    ("error: Source file 'mpi.mod' was not found", "file:mpi.mod"),
    ("../meson.build:5:4: ERROR: C header 'a.h' not found", "header:a.h"),
    ("../meson.build:5:4: ERROR: C header 'a.h' not usable", "header:a.h"),
    ("../meson.build:5:4: ERROR: C symbol S not found in header a.h", "header:a.h"),
    ("CMake Error at a:1 (find_path):\n  Could not find A_INC using the following files: a.h", "header:a.h"),
    ("checking for a.h... no\nconfigure: error: need a library", "header:a.h"),
    ("s.i:2: Error: Unable to find 'openssl/opensslv.h'", "header:openssl/opensslv.h"),
    ("numpy/x.pyx:3:8: 'numpy/random.pxd' not found", "python-module:numpy"),
    ("make: *** No rule to make target '/usr/include/z.h', needed by 'x'.  Stop.", "header:z.h"),
    ("ninja: error: '/usr/include/z.h', needed by 'x.o', missing and no known rule to make it", "header:z.h"),
    ("ninja: error: '/usr/lib/libz.so', needed by 'x.so', missing and no known rule to make it", "library:z"),
    # libraries
    ("/usr/bin/ld: cannot find -lpq", "library:pq"),
    ("/usr/bin/x86_64-linux-gnu-ld.bfd: cannot find -lpq: No such file or directory", "library:pq"),
    ("/usr/bin/ld.bfd: cannot find -l:libX.so.1: No such file or directory", "soname:libX.so.1"),
    ("/usr/bin/ld.bfd: cannot find /usr/lib/libX.so: No such file or directory", "soname:libX.so"),
    ("/usr/bin/ld.gold: error: cannot find -lpq", "library:pq"),
    ("/usr/bin/ld.gold: error: cannot find libX.so.1", "soname:libX.so.1"),
    ("/usr/bin/ld.gold: error: cannot open /usr/lib/libX.so: No such file or directory", "soname:libX.so"),
    ("ld.lld: error: unable to find library -lpq", "library:pq"),
    ("rust-lld: error: unable to find library -lpq", "library:pq"),
    ("wasm-ld: error: unable to find library -lpq", "library:pq"),
    ("ld.lld: error: unable to find library -l:libX.so.1", "soname:libX.so.1"),
    ("ld.lld: error: cannot open /usr/lib/libX.so: No such file or directory", "soname:libX.so"),
    ("mold: fatal: library not found: pq", "library:pq"),
    ("mold: fatal: library not found: :libX.so.1", "soname:libX.so.1"),
    ("mold: fatal: cannot open /usr/lib/libX.so: No such file or directory", "soname:libX.so"),
    ("ld: library not found for -lpq", "library:pq"),
    ("ld: library 'pq' not found", "library:pq"),
    ("m.build:1:0: ERROR: C shared or static library 'pq' not found", "library:pq"),
    ("m.build:1:0: ERROR: C static library 'pq' not found", "library:pq"),
    ("CMake Error at a:1 (find_library):\n  Could not find A using the following names: a, b", "library:a"),
    ("checking for f in -lpq... no\nconfigure: error: libpq is needed", "library:pq"),
    ("libraries openblas not found in ['/usr/lib']", "library:openblas"),
    ("numpy.distutils.system_info.BlasNotFoundError:", "library:blas library:lapack"),
    # commands
    ("/bin/sh: 1: swig: not found", "command:swig"),
    ("bash: line 1: swig: command not found", "command:swig"),
    ("sh: swig: not found", "command:swig"),
    ("zsh:1: command not found: swig", "command:swig"),
    ("/usr/bin/env: 'perl': No such file or directory", "command:perl"),
    ("./x: /usr/bin/perl: bad interpreter: No such file or directory", "command:perl"),
    ("make: swig: No such file or directory", "command:swig"),
    ("make: swig: Command not found", "command:swig"),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'swig'", "command:swig"),
    ("subprocess.CalledProcessError: Command 'swig -x' returned non-zero exit status 127.", "command:swig"),
    ("unable to execute 'swig': No such file or directory", "command:swig"),
    ("error: [Errno 2] No such file or directory: 'x86_64-linux-gnu-gcc'", "compiler:c"),
    ("m.build:1:0: ERROR: Program 'swig swig4' not found or not executable", "command:swig"),
    ("m.build:1:0: ERROR: Program or command 'swig' not found or not executable", "command:swig"),
    ("CMake Error at F.cmake:1 (message):\n  Could NOT find Git (missing: GIT_EXECUTABLE)", "command:git"),
    ("CMake Error at F.cmake:1 (message):\n  pkg-config tool not found", "command:pkg-config"),
    (
        'CMake Error: CMake was unable to find a build program corresponding to "Unix Makefiles".  X is not set.',
        "command:make",
    ),
    ("meson-python: error: Could not find ninja version 1.8.2 or newer.", "command:ninja"),
    ("Problem with the CMake installation, aborting build. CMake executable is cmake", "command:cmake"),
    ("  is `cmake` not installed?", "command:cmake"),
    ("  The pkg-config command could not be found.", "command:pkg-config"),
    ("gyp ERR! stack Error: not found: make", "command:make"),
    ("ValueError: Cannot find required utility `patchelf` in PATH", "command:patchelf"),
    ("Error: pg_config executable not found.", "command:pg_config"),
    ("Could not run curl-config: [Errno 2] No such file or directory: 'curl-config'", "command:curl-config"),
    ("The headers or library files could not be found for zlib,", "header:zlib.h"),
    (
        "Error: Please make sure the libxml2 and libxslt development packages are installed.",
        "pkgconfig:libxml-2.0 pkgconfig:libxslt",
    ),
    ("RuntimeError: Unable to load dependency HDF5, make sure HDF5 is installed properly", "pkgconfig:hdf5"),
    ("ERROR: A GDAL API version must be specified.", "command:gdal-config"),
    # pkg-config
    ("No package 'cairo' found", "pkgconfig:cairo"),
    ("Package 'cairo', required by 'virtual:world', not found", "pkgconfig:cairo"),
    ("Package 'cairo' not found", "pkgconfig:cairo"),
    ("Package 'bar', required by 'foo', not found", "pkgconfig:bar"),
    ("Package cairo was not found in the pkg-config search path.", "pkgconfig:cairo"),
    (
        "configure: error: Package requirements (dbus-1 >= 1.8 glib-2.0) were not met:",
        "pkgconfig:dbus-1 pkgconfig:glib-2.0",
    ),
    (
        "CMake Error at F.cmake:1 (message):\n  The following required packages were not found:\n\n   - a>=2\n   - b\n",
        "pkgconfig:a pkgconfig:b",
    ),
    (
        "-- Checking for module 'fuse3'\n--   No package 'fuse3' found\n"
        "CMake Error at F.cmake:1 (message):\n  A required package was not found\n",
        "pkgconfig:fuse3",
    ),
    (
        "-- Checking for modules 'a>=2;b'\n--   Package 'a', required by 'virtual:world', not found\n"
        "--   Package 'b', required by 'virtual:world', not found\n"
        "CMake Error at F.cmake:545 (message):\n  A required package was not found\n",
        "pkgconfig:a pkgconfig:b",
    ),
    ("CMake Error at a:3 (find_program):\n  Could not find A using the following names: swig", "command:swig"),
    ("CMake Error at F.cmake:1 (message):\n  None of the required 'a;b' found\n", "pkgconfig:a pkgconfig:b"),
    ("The system library `libzmq` required by crate `zmq-sys` was not found.", "pkgconfig:libzmq"),
    ("The file `libzmq.pc` needs to be installed and the PKG_CONFIG_PATH", "pkgconfig:libzmq"),
    ("Exception: Can not find valid pkg-config name.", "pkgconfig:mysqlclient"),
    # CMake packages
    ("CMake Error at F.cmake:1 (message):\n  Could NOT find ZLIB (missing: ZLIB_LIBRARY)", "cmake:ZLIB"),
    (
        "CMake Error at F.cmake:1 (message):\n  Could NOT find OpenSSL, try to set the path to OpenSSL root folder in the\n"
        "  system variable OPENSSL_ROOT_DIR (missing: OPENSSL_CRYPTO_LIBRARY)\n",
        "cmake:OpenSSL",
    ),
    (
        'CMake Error at a:1 (find_package):\n  Could not find a package configuration file provided by "Foo" (requested\n'
        "  version 3) with any of the following names:\n\n    FooConfig.cmake\n",
        "cmake:Foo",
    ),
    (
        'CMake Error at a:1 (find_package):\n  By not providing "FindFoo.cmake" in CMAKE_MODULE_PATH this project has\n'
        '  asked CMake to find a package configuration file provided by "Foo", but\n  CMake did not find one.\n',
        "cmake:Foo",
    ),
    (
        'CMake Error at a:1 (find_package):\n  No "FindFoo.cmake" found in CMAKE_MODULE_PATH.\n',
        "cmake:Foo",
    ),
    (
        "CMake Error at a:1 (find_package):\n  Found package configuration file:\n\n    /usr/lib/FooConfig.cmake\n\n"
        '  but it set Foo_FOUND to FALSE so package "Foo" is considered to be NOT FOUND.  Reason given by package:\n\n  x\n',
        "cmake:Foo",
    ),
    (
        'CMake Error at a:1 (target_link_libraries):\n  Target "a" links to: Foo::Foo but the target was not found.\n',
        "cmake:Foo",
    ),
    (
        'CMake Error at a:1 (target_link_libraries):\n  Target "a" links to:\n\n    Foo::Foo\n\n'
        "  but the target was not found.  Possible reasons include:\n",
        "cmake:Foo",
    ),
    # Meson
    ('m.build:1:0: ERROR: Dependency "cairo" not found, tried pkgconfig and cmake', "pkgconfig:cairo"),
    ('m.build:1:0: ERROR: Dependency "cairo" not found (tried pkg-config and cmake)', "pkgconfig:cairo"),
    (
        "m.build:1:0: ERROR: Dependency lookup for cairo with method 'pkg-config' failed: Pkg-config for machine host "
        "machine not found. Giving up.",
        "command:pkg-config",
    ),
    ("m.build:1:0: ERROR: Dependency 'cairo' is required but not found.", "pkgconfig:cairo"),
    ("m.build:1:0: ERROR: Python dependency not found", "header:Python.h"),
    (
        "Run-time dependency cairo found: NO (tried pkgconfig and cmake)\n"
        "m.build:1:0: ERROR: Neither a subproject directory nor a cairo.wrap file was found.",
        "pkgconfig:cairo",
    ),
    # modules of Python
    ("ModuleNotFoundError: No module named 'numpy'", "python-module:numpy"),
    ("python3 is missing modules: mako", "python-module:mako"),
    ("error: invalid command 'bdist_wheel'", "python-module:wheel"),
    ("x.c:1:1: fatal error: numpy/arrayobject.h: No such file or directory", "python-module:numpy"),
    ("x.c:1:1: fatal error: pybind11/pybind11.h: No such file or directory", "python-module:pybind11"),
    ("ModuleNotFoundError: No module named 'pkg_resources'", "build-constraint:setuptools<82"),
    # compilers
    ("gcc: fatal error: cannot execute 'cc1plus': posix_spawnp: No such file or directory", "compiler:c++"),
    ("gcc: error trying to exec 'cc1plus': execvp: No such file or directory", "compiler:c++"),
    ("gcc: fatal error: cannot execute \u2018f951\u2019: execvp: No such file or directory", "compiler:fortran"),
    ("gcc: fatal error: cannot execute 'as': posix_spawnp: No such file or directory", "command:ld"),
    ("collect2: fatal error: cannot find 'ld'", "command:ld"),
    ("/usr/bin/ld: cannot find Scrt1.o: No such file or directory", "compiler:c"),
    ("ld.lld: error: cannot open crti.o: No such file or directory", "compiler:c"),
    ("mold: fatal: cannot open crti.o: No such file or directory", "compiler:c"),
    ("CMake Error at a:1 (project):\n  No CMAKE_CXX_COMPILER could be found.", "compiler:c++"),
    ("CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage", "compiler:c"),
    (
        "CMake Error at a:1 (project):\n  Could not find compiler set in environment variable CC:\n\n  x86_64-linux-gnu-gcc.",
        "compiler:c",
    ),
    (
        'CMake Error at a:1 (message):\n  The C compiler\n\n    "/usr/bin/cc"\n\n'
        "  is not able to compile a simple test program.\n",
        "compiler:c",
    ),
    ("m.build:1:0: ERROR: Unknown compiler(s): [['c++'], ['g++']]", "compiler:c++"),
    ("m.build:1:0: ERROR: Could not execute Vala compiler: valac", "command:valac"),
    ("m.build:1:0: ERROR: Could not execute Java compiler: javac", "command:javac"),
    ("configure: error: no acceptable C compiler found in $PATH", "compiler:c"),
    ("configure: error: in '/tmp/x':\nconfigure: error: C compiler cannot create executables", "compiler:c"),
    ("configure: error: no acceptable C++ compiler found in $PATH", "compiler:c++"),
    ("error: linker `cc` not found", "compiler:c"),
    ('error occurred in cc-rs: failed to find tool "cc": No such file or directory (os error 2)', "compiler:c"),
    ("error: can't find Rust compiler", "compiler:rust"),
    ("Cargo, the Rust package manager, is not installed or is not on PATH.", "compiler:rust"),
    ("Rust not found, installing into a temporary directory", "compiler:rust"),
    ("error: extension 'x' has Fortran sources but no Fortran compiler found", "compiler:fortran"),
    ("Auto-Configuration Error: Cannot find gcc or CC; either correct your path or set the CC", "compiler:c"),
    (
        'error: Microsoft Visual C++ 14.0 or greater is required. Get it with "Microsoft C++ Build Tools"',
        "compiler:c++",
    ),
    # shared libraries
    ("ImportError: libpq.so.5: cannot open shared object file: No such file or directory", "soname:libpq.so.5"),
    (
        "x: error while loading shared libraries: libpq.so.5: cannot open shared object file: No such",
        "soname:libpq.so.5",
    ),
    ("Error loading shared library libpq.so.5: No such file or directory (needed by /x)", "soname:libpq.so.5"),
    ("x: /lib/libc.so.6: version `GLIBC_2.34' not found (required by x)", "build-constraint:glibc"),
    (
        'ValueError: Cannot repair wheel, because required library "libpq.so.5" could not be located',
        "soname:libpq.so.5",
    ),
    (
        "Unable to find libclang: \"couldn't find any valid shared libraries matching: ['libclang.so']\"",
        "soname:libclang.so",
    ),
    # Rust crates
    ("error: failed to run custom build command for `openssl-sys v0.9.102`", "pkgconfig:openssl"),
    ("Could not find directory of OpenSSL installation, and this `-sys` crate cannot", "pkgconfig:openssl"),
    ("Failed to find OpenSSL development headers.", "pkgconfig:openssl"),
    ("error[E0463]: can't find crate for `std`", "compiler:rust"),
    # Java
    ("CMake Error at F.cmake:1 (message):\n  Could NOT find Java (missing: Java_JAVAC_EXECUTABLE)", "command:javac"),
    ("CMake Error at F.cmake:1 (message):\n  Could NOT find JNI (missing: JAVA_INCLUDE_PATH AWT JVM)", "cmake:JNI"),
    ("RuntimeError: Unable to find JAVA_HOME", "command:javac"),
    # too old
    (
        "CMake Error at a:1 (cmake_minimum_required):\n  CMake 3.28 or higher is required.  You are running version 3.25.1",
        "build-constraint:cmake",
    ),
    (
        'CMake Error at F.cmake:1 (message):\n  Could NOT find Boost: Found unsuitable version "1.74.0", but required is at\n'
        '  least "1.82" (found /usr/include)\n',
        "build-constraint:Boost",
    ),
    (
        'CMake Error at a:1 (find_package):\n  Could not find a configuration file for package "Foo" that is compatible\n'
        '  with requested version "3".\n',
        "build-constraint:Foo",
    ),
    ("Package 'foo' has version '1.0', required version is '>= 3'", "build-constraint:foo"),
    ("Requested 'foo >= 3' but version of Foo is 1.0", "build-constraint:foo"),
    ("m.build:1:0: ERROR: Invalid version, need 'foo' ['>=3'] found '1.0'.", "build-constraint:foo"),
    ("m.build:1:0: ERROR: Invalid version of dependency, need 'foo' ['>=3'] found '1.0'.", "build-constraint:foo"),
    ("m.build:1:0: ERROR: Meson version is 1.0.1 but project requires >=1.3.0", "build-constraint:meson"),
    ("scikit_build_core.errors.CMakeNotFoundError: Could not find CMake with version >=3.30", "build-constraint:cmake"),
    ("  x@0.1.0 requires rustc 1.70.0", "compiler:rust-1.70"),
    ("error: package `x v1` cannot be built because it requires rustc 1.88 or newer", "compiler:rust-1.88"),
    ("  this version of Cargo is older than the `2024` edition, and only supports", "compiler:rust-1.85"),
    ("  feature `edition2024` is required", "compiler:rust-1.85"),
    ("  lock file version `4` was found, but this version of Cargo does not", "compiler:rust-1.78"),
    ("  lock file version 4 requires `-Znext-lockfile-bump`", "compiler:rust-1.78"),
    ("  lock file version `9` was found, but this version of Cargo does not", "build-constraint:rustc-too-old"),
    (
        "g++: error: unrecognized command-line option '-std=c++23'; did you mean '-std=c++20'?",
        "build-constraint:compiler",
    ),
    ("error: invalid value 'c++29' in '-std=c++29'", "build-constraint:compiler"),
    (
        "error: the configured Python interpreter version (3.14) is newer than PyO3's maximum supported version (3.13)",
        "build-constraint:python-too-new-for-pyo3",
    ),
    # resources and networks
    ("g++: fatal error: Killed signal terminated program cc1plus", "resource:memory"),
    ("cc1plus: out of memory allocating 65536 bytes after a total of 1 bytes", "resource:memory"),
    ("virtual memory exhausted: Cannot allocate memory", "resource:memory"),
    ("  process didn't exit successfully: `rustc x` (signal: 9, SIGKILL: kill)", "resource:memory"),
    ("OSError: [Errno 28] No space left on device", "resource:disk"),
    ("curl: (6) Could not resolve host: github.com", "network:dns"),
    ("urllib3: Temporary failure in name resolution", "network:dns"),
    ("socket.gaierror: [Errno -2] Name or service not known", "network:dns"),
    ("error: failed to download from `https://index.crates.io/config.json`", "network:crates.io"),
    ("error: failed to get `libc` as a dependency of package `x v0.1.0`", "network:crates.io"),
    ("WrapException: could not get https://x.org/x.tgz; is the internet available?", "network:meson-wrap"),
    ("<urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed>", "network:certificates"),
    # sources that no package cures
    (
        "CMake Error at CMakeLists.txt:1 (cmake_minimum_required):\n  Compatibility with CMake < 3.5 has been removed from CMake.",
        "build-constraint:cmake<4",
    ),
    ("x.c:1:1: fatal error: longintrepr.h: No such file or directory", "build-constraint:python-too-new"),
    ("x.c:1:1: fatal error: code.h: No such file or directory", "build-constraint:python-too-new"),
    (
        "AttributeError: module 'pkgutil' has no attribute 'ImpImporter'. Did you mean: 'zipimporter'?",
        "build-constraint:setuptools>=66.1",
    ),
    ("error in x setup command: use_2to3 is invalid.", "build-constraint:setuptools<58"),
    ("AttributeError: cython_sources", "build-constraint:Cython<3"),
    (
        "setuptools.errors.InvalidConfigError: License classifiers have been superseded by",
        "build-constraint:setuptools<77",
    ),
    (
        "x.c:1:5: error: implicit declaration of function 'f' [-Wimplicit-function-declaration]",
        "build-constraint:c-standard",
    ),
    ("x.c:1:5: error: assignment to 'a *' from incompatible pointer type 'b *'", "build-constraint:c-standard"),
]
PROBES = [
    "/usr/bin/ld: x.o: undefined reference to `f'",
    "/usr/bin/ld: skipping incompatible /usr/lib/libpq.so when searching for -lpq",
    "/usr/bin/ld: have you installed the static version of the ncurses library ?",
    "checking for gawk... no",
    "-- Could NOT find Doxygen (missing: DOXYGEN_EXECUTABLE)",
    "-- Looking for sys/endian.h - not found",
    "Run-time dependency cairo found: NO (tried pkgconfig and cmake)",
    "/usr/bin/file: No such file or directory",
    "sh: 1: ./pl: not found",
    'hint: This error likely indicates that you need to install a library that provides "code.h" for `x@1`',
]


@pytest.mark.parametrize(("log", "needs"), FORMS, ids=lambda value: value[:60].replace("\n", " "))
def test_a_message_is_understood(log: str, needs: str) -> None:
    assert [str(finding.need) for finding in diagnose(log.splitlines(), SYMPTOMS).causes] == needs.split()


@pytest.mark.parametrize("log", PROBES)
def test_what_stops_nothing_is_no_cause(log: str) -> None:
    assert diagnose(log.splitlines(), SYMPTOMS).causes == ()
