"""Samples of ordinary build output, to tell rare strings from frequent ones."""

ORDINARY = """\
Collecting example==1.0
  Using cached example-1.0.tar.gz (385 kB)
  Installing build dependencies: started
  Installing build dependencies: finished with status 'done'
  Getting requirements to build wheel: finished with status 'done'
  Preparing metadata (pyproject.toml): started
Building wheels for collected packages: example
  Building wheel for example (pyproject.toml): started
   Building example==1.0
running bdist_wheel
running build_ext
running build_py
creating build/lib.linux-x86_64-cpython-311/example/version
copying src/example/device.py -> build/lib.linux-x86_64-cpython-311/example
copying src/example/directory/__init__.py -> build/lib.linux-x86_64-cpython-311/example
building 'example._library' extension
gcc -pthread -Wno-unused-result -Wsign-compare -DNDEBUG -g -fwrapv -O2 -Wall -fPIC -I/usr/include/python3.11 \
-c src/example.c -o build/temp.linux-x86_64-cpython-311/src/example.o
x86_64-linux-gnu-gcc -Wsign-compare -fstack-protector-strong -Wformat -Werror=format-security -Wdate-time \
-D_FORTIFY_SOURCE=2 -fPIC -DHAVE_CONFIG_H=1 -DVERSION_INFO="1.0"\
 -Ibuild/temp -c src/errors.cpp -o build/temp/src/errors.o
g++ -shared -Wl,-O1 -Wl,-Bsymbolic-functions build/temp/src/example.o -L/usr/lib/x86_64-linux-gnu -lstdc++ -o x.so
[ 12%] Building CXX object CMakeFiles/example.dir/src/main.cpp.o
[3/120] /usr/bin/c++ -Dexample_EXPORTS -I../include -isystem /usr/include -O3 -MT a.o -MF a.o.d -c a.cpp
[4/120] Compiling C object example.cpython-311-x86_64-linux-gnu.so.p/src_module.c.o
src/example.c: In function 'PyInit_example':
src/example.c:120:15: warning: unused variable 'result' [-Wunused-variable]
  120 |     PyObject *result = NULL;
      |               ^~~~~~
src/example.c:88:5: warning: implicit declaration of function 'example' is deprecated [-Wdeprecated-declarations]
In file included from /usr/include/python3.11/Python.h:38,
                 from src/example.h:4:
/usr/include/features.h:194:3: note: declared here
checking for gcc... gcc
checking whether the C compiler works... yes
checking for stdlib.h... (cached) yes
-- The C compiler identification is GNU 12.2.0
-- Detecting C compile features - done
-- Found ZLIB: /usr/lib/x86_64-linux-gnu/libz.so (found version "1.2.13")
Has header "stdint.h" : YES
Checking for function "memcpy" : YES
   Compiling serde v1.0.203
make[2]: Entering directory '/tmp/build/example'
  CC       src/example.lo
libtool: compile:  gcc -DHAVE_CONFIG_H -I. -g -O2 -MT example.lo -MD -MP -MF .deps/example.Tpo -c example.c -o example.o
  warnings.warn(
/usr/lib/python3/dist-packages/setuptools/command/install.py:34: SetuptoolsDeprecationWarning: install is deprecated.
"""
