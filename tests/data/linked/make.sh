#!/bin/sh
# Makes the ELF files beside it, which are committed: not every machine that runs the tests has a compiler.
set -eu
cd "$(dirname "$0")"
link() { gcc -shared -nostdlib -fPIC -Os -fno-asynchronous-unwind-tables -s \
    -Wl,--build-id=none,-z,noseparate-code,-z,norelro "$@"; }
mkdir -p old
link -o libshelf.so.1 -Wl,-soname,libshelf.so.1,--version-script,new.map shelf.c
link -o old/libshelf.so.1 -DOLD -Wl,-soname,libshelf.so.1,--version-script,old.map shelf.c
link -o plain.so -Wl,-soname,libshelf.so.1 shelf.c
link -o libown.so.1 -Wl,-soname,libown.so.1 own.c
link -o reader.so -Wl,-rpath,'$ORIGIN/reader.libs:/opt/shelf/lib' reader.c ./libshelf.so.1 ./libown.so.1
